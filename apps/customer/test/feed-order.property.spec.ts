import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startWorld, type Json, type World } from './customer.fixture.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

type Kind = 'products' | 'stock' | 'orders';
type Step = readonly [kind: Kind, item: Json];

const line = (product: string, quantity: number) => ({
  productKey: product,
  quantity,
  unitPrice: '1.115',
  discount: 0.1,
});
const order = (key: string, version: number | string, over: object): Step => [
  'orders',
  {
    key,
    version,
    customerRef: 'A',
    date: '2026-01-01',
    status: 'unpaid',
    currency: 'USD',
    lines: [line('p1', version === 1 ? 1 : 3)],
    ...over,
  },
];
/** Product names stay: an order's line shows the name of the moment when its version came. */
const STEPS: readonly Step[] = [
  ['products', { key: 'p1', version: 1, name: 'One', price: '1', currency: 'USD' }],
  ['products', { key: 'p1', version: '2026-01-01T00:00:00.0005Z', name: 'One', price: '2', currency: 'USD' }],
  ['products', { key: 'p1', version: '2026-01-01T00:00:00.0006Z', name: 'One', price: '3', currency: 'USD' }],
  ['products', { key: 'p2', version: 7, name: 'Two' }],
  ['stock', { key: 's1', version: 1, productKey: 'p1', warehouse: 'W', quantity: 5 }],
  ['stock', { key: 's1', version: 2, productKey: 'p2', warehouse: 'W', quantity: 0.5 }],
  order('o1', 1, {}),
  order('o1', 2, { date: '2026-02-01', lines: [line('p1', 3), line('p2', 1)] }),
  order('o1', 3, { customerRef: 'B', date: '2026-03-01', status: 'paid' }),
  order('o2', 1, { date: '2026-05-01' }),
  order('o2', 2, { date: '2026-05-01', status: 'cancelled' }),
  order('o3', 1, { customerRef: 'nobody', lines: [line('p3', 1)] }),
];

/** Everything that was fed, without ids, with a mark of the run taken off. */
async function state(mark: string): Promise<string> {
  const bare = (rows: object[]) => JSON.stringify(rows).replaceAll(mark, '');
  const query = (sql: string) => world.service.query(sql, [`${mark}%`]);
  return [
    await query('SELECT key, version, name, price, currency FROM product WHERE key LIKE $1 ORDER BY key'),
    await query('SELECT key, version, product_key, quantity FROM stock WHERE key LIKE $1 ORDER BY key'),
    await query(`SELECT o.key, o.version, o.customer_ref, c.external_ref, o.date::text, o.status, o.total,
                        (SELECT json_agg(json_build_array(position, product_key, product_name, quantity, amount) ORDER BY position)
                           FROM sales_order_line WHERE order_id = o.id) AS lines
                   FROM sales_order o LEFT JOIN customer c ON c.id = o.customer_id WHERE o.key LIKE $1 ORDER BY o.key`),
    await query(
      'SELECT external_ref, last_order_date::text FROM customer WHERE external_ref LIKE $1 ORDER BY external_ref',
    ),
  ]
    .map(bare)
    .join('\n');
}

let runs = 0;
/** Feeds the steps one by one, with customer A there from the start and B appearing before step `appears`. */
async function run(steps: readonly Step[], appears: number): Promise<string> {
  const mark = `run${(runs += 1)}:`;
  const marked = (item: Json): Json =>
    JSON.parse(JSON.stringify(item), (name, value: unknown) =>
      ['key', 'productKey', 'customerRef'].includes(name) ? mark + String(value) : value,
    ) as Json;
  const appear = (ref: string) =>
    world.service
      .as(world.alice)
      .post('/api/v1/customers')
      .send({ name: ref, externalRef: mark + ref })
      .expect(201);
  await appear('A');
  for (const [index, [kind, item]] of steps.entries()) {
    if (index === appears) await appear('B');
    await world.service
      .as(world.salesSystem)
      .put(`/api/v1/sales-feed/${kind}`)
      .send({ items: [marked(item)] })
      .expect(200);
  }
  if (appears >= steps.length) await appear('B');
  return state(mark);
}

describe('the sales feed', () => {
  it('FEED-2, FEED-3: ends in the same state in whatever order and however often its versions come', async () => {
    const expected = await run(STEPS, 0);
    expect(expected).toContain('"status":"paid"');
    const deliveries = fc
      .tuple(
        fc.shuffledSubarray([...STEPS], { minLength: STEPS.length }),
        fc.array(fc.tuple(fc.nat(STEPS.length - 1), fc.nat(STEPS.length)), { maxLength: 6 }),
      )
      .map(([steps, repeats]) => {
        const delivered = [...steps];
        for (const [step, at] of repeats) delivered.splice(at, 0, STEPS[step]!);
        return delivered;
      });
    await fc.assert(
      fc.asyncProperty(deliveries, fc.nat(STEPS.length), async (steps, appears) => {
        expect(await run(steps, appears)).toBe(expected);
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});

import { join } from 'node:path';
import { loadDemo } from '../demo/load-demo.js';
import { DEMO_PASSWORD, Suite } from './suite.fixture.js';

interface Row {
  customerName: string;
  currency: string;
  amount: string;
  rank: number;
}

describe('The Northwind company, through the public API and the sales feed', () => {
  let suite: Suite;
  const said: string[] = [];
  const load = () =>
    loadDemo({
      gateway: suite.url,
      password: DEMO_PASSWORD,
      folder: join(process.cwd(), 'tools/demo/northwind'),
      signal: new AbortController().signal,
      say: (line) => said.push(line),
    });
  const contribution = async (query: object): Promise<Row[]> => {
    const executive = await suite.as('executive');
    return (
      (
        await executive
          .get('/api/v1/reports/customer-contribution')
          .query({ limit: 200, ...query })
          .expect(200)
      ).body as { items: Row[] }
    ).items;
  };
  const cents = (rows: Row[]) => rows.reduce((sum, row) => sum + BigInt(row.amount.replace('.', '')), 0n);

  beforeAll(async () => {
    suite = await Suite.start({}, { together: true });
    await load();
  }, 90_000);
  afterAll(() => suite?.stop());

  it('REP-1: 1997 is led by QUICK-Stop with 61,109.92; all years together are 1,265,793.29', async () => {
    await suite.eventually(
      async () => cents(await contribution({})) === 126_579_329n,
      'the report does not reach 1,265,793.29',
    );
    expect((await contribution({ year: 1997 }))[0]).toMatchObject({
      customerName: 'QUICK-Stop',
      currency: 'USD',
      amount: '61109.92',
      rank: 1,
    });
    const years = await Promise.all([1996, 1997, 1998].map((year) => contribution({ year })));
    expect(years.map(cents).reduce((sum, each) => sum + each, 0n)).toBe(126_579_329n);
  });

  it('CUS-1: 91 customers, each with a contact, shared out between the two account managers', async () => {
    const manager = await suite.as('manager');
    const count = async (query: object) =>
      (
        (
          await manager
            .get('/api/v1/customers')
            .query({ count: true, limit: 1, ...query })
            .expect(200)
        ).body as { total: number }
      ).total;
    expect(await count({})).toBe(91);
    expect([
      await count({ ownerId: await suite.idOf('alice') }),
      await count({ ownerId: await suite.idOf('bob') }),
    ]).toEqual([46, 45]);
    const [customer] = (
      (await manager.get('/api/v1/customers?externalRef=QUICK').expect(200)).body as {
        items: Array<{ id: string; lastOrderDate: string }>;
      }
    ).items;
    expect(customer).toMatchObject({ lastOrderDate: '1998-04-14' });
    expect((await manager.get(`/api/v1/customers/${customer!.id}/contacts`).expect(200)).body).toMatchObject({
      items: [{ name: 'Horst Kloss' }],
    });
  });

  it('FEED-4: a customer’s order history can be read', async () => {
    const alice = await suite.as('alice');
    const [customer] = (
      (await alice.get('/api/v1/customers?externalRef=QUICK').expect(200)).body as { items: Array<{ id: string }> }
    ).items;
    const orders = await alice.get(`/api/v1/customers/${customer!.id}/orders?count=true&limit=1`).expect(200);
    expect(orders.body).toMatchObject({ total: 28, items: [{ date: '1998-04-14', status: 'paid', currency: 'USD' }] });
  });

  it('FEED-2: the second feed of the same files changes nothing and says so', async () => {
    said.length = 0;
    await load();
    expect(said).toEqual(
      expect.arrayContaining([
        'Sample data: 77 products, 0 new, 77 unchanged',
        'Sample data: 77 stock figures, 0 new, 77 unchanged',
        'Sample data: 830 orders, 0 new, 830 unchanged',
      ]),
    );
    expect(cents(await contribution({}))).toBe(126_579_329n);
  });

  it('AUT-6: nobody but the sales system feeds', async () => {
    const admin = await suite.as('admin', 'Admin-Passw0rd!');
    for (const client of [admin, await suite.as('manager')])
      await client
        .put('/api/v1/sales-feed/orders')
        .send({ items: [{}] })
        .expect(403);
  });
});

import { OrderRecorded, OrderView, type FeedKind } from '#contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import {
  CHANGED,
  feedAs,
  orderOf,
  overlapping,
  ownKeys,
  readAs,
  sideBySide,
  startWorld,
  UNCHANGED,
  type Json,
  type World,
} from './customer.fixture.js';

let world: World;
/** Keys of one test: the tests share a database. */
let k: (name: string) => string;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());
beforeEach(() => {
  k = ownKeys();
});

const feed = (kind: FeedKind, ...items: unknown[]) => feedAs(world, kind, items);
const get = (path: string) => readAs(world, path);
const order = (over: object = {}) => orderOf(k, over);
const theOrder = async (): Promise<Json> => (await get(`/orders?key=${k('O')}`)).items[0];
const newCustomer = async (over: object = {}): Promise<Json> =>
  (
    await world.service
      .as(world.alice)
      .post('/api/v1/customers')
      .send({ name: 'Buyer', ...over })
      .expect(201)
  ).body;

describe('feeding orders', () => {
  it('FEED-1: an amount is quantity × price × (1 − discount), rounded half-up per line', async () => {
    const lines = [
      { productKey: k('P'), quantity: 10, unitPrice: '14.85', discount: 0.15 },
      { productKey: k('P'), quantity: 1, unitPrice: '0.005' },
      { productKey: k('P'), quantity: 1, unitPrice: '0.005', unit: 'kg' },
    ];
    expect(await feed('orders', order({ lines }))).toEqual(CHANGED);
    const view = OrderView.strict().parse(await theOrder());
    expect(view).toMatchObject({
      total: '126.25',
      status: 'unpaid',
      date: '2026-03-01',
      customerId: null,
      address: null,
    });
    expect(view.lines.map(({ amount, unitPrice, discount, unit }) => [amount, unitPrice, discount, unit])).toEqual([
      ['126.23', '14.85', 0.15, null],
      ['0.01', '0.005', 0, null],
      ['0.01', '0.005', 0, 'kg'],
    ]);
    const { data } = await world.service.events.published(
      OrderRecorded.type,
      (event) => (event.data as Json).key === k('O'),
    );
    expect(OrderRecorded.data.parse(data)).toMatchObject({ total: '126.25', customerRef: k('REF'), customerId: null });
  });

  it('FEED-1: amounts have the decimals of their currency', async () => {
    const lines = [{ productKey: k('P'), quantity: 1, unitPrice: '10.5' }];
    await feed('orders', order({ currency: 'JPY', lines }));
    expect((await theOrder()).total).toBe('11');
  });

  it('FEED-2: versions may come in any order; a newer one replaces all of the order', async () => {
    await feed(
      'orders',
      order({ version: 3, status: 'paid', lines: [{ productKey: k('P'), quantity: 1, unitPrice: '3' }] }),
    );
    expect(await feed('orders', order({ version: 2 }))).toEqual(UNCHANGED);
    expect(await theOrder()).toMatchObject({ status: 'paid', total: '3.00', lines: [{ quantity: 1 }] });
    expect(await feed('orders', order({ version: 4, status: 'cancelled', lines: [] }))).toEqual(CHANGED);
    expect(await theOrder()).toMatchObject({ status: 'cancelled', total: '0.00', lines: [] });
  });

  it('FEED-2: an order of an unknown product is kept, and named once the product appears', async () => {
    await feed('orders', order());
    expect((await theOrder()).lines).toMatchObject([{ productKey: k('P'), productName: null }]);
    await feed('products', { key: k('P'), version: 1, name: 'Chai' });
    expect((await theOrder()).lines).toMatchObject([{ productName: 'Chai', unitPrice: '14.85' }]);
    await feed('products', { key: k('P'), version: 2, name: 'Chai renamed', price: '99', currency: 'USD' });
    expect((await theOrder()).lines).toMatchObject([{ productName: 'Chai', unitPrice: '14.85' }]);
    await feed('orders', order({ version: 2 }));
    expect((await theOrder()).lines).toMatchObject([{ productName: 'Chai renamed' }]);
  });

  it('FEED-3: an order of an unknown customer is listed, and joined on when the customer is created', async () => {
    await feed('orders', order());
    expect((await get(`/orders/unmatched?key=${k('O')}`)).items).toHaveLength(1);
    const customer = await newCustomer({ externalRef: k('REF') });
    expect(customer.lastOrderDate).toBe('2026-03-01');
    expect((await get(`/orders/unmatched?key=${k('O')}`)).items).toEqual([]);
    expect((await get(`/customers/${customer.code}/orders`)).items).toMatchObject([
      { key: k('O'), customerId: customer.id },
    ]);
    const joined = await world.service.events.published(
      OrderRecorded.type,
      ({ data }) => (data as Json).key === k('O') && (data as Json).customerId === customer.id,
    );
    expect(joined.sequence).toBe(2);
  });

  it('FEED-3: … when its reference is written down later, and by its code', async () => {
    await feed('orders', order());
    const customer = await newCustomer();
    await feed('orders', order({ key: k('O2'), customerRef: customer.code, date: '2026-01-01' }));
    expect((await get(`/customers/${customer.id}`)).lastOrderDate).toBe('2026-01-01');
    const edit = await world.service
      .as(world.alice)
      .patch(`/api/v1/customers/${customer.id}`)
      .send({ externalRef: k('REF') })
      .expect(200);
    expect(edit.body.lastOrderDate).toBe('2026-03-01');
    expect((await get(`/customers/${customer.id}/orders`)).items.map((item: Json) => item.key)).toEqual([
      k('O'),
      k('O2'),
    ]);
  });

  it('FEED-3: a reference that moves to another customer takes its orders along', async () => {
    const wrong = await newCustomer({ externalRef: k('REF') });
    await feed('orders', order());
    await world.service
      .as(world.alice)
      .patch(`/api/v1/customers/${wrong.id}`)
      .send({ externalRef: k('OTHER') })
      .expect(200);
    expect((await theOrder()).customerId).toBe(wrong.id);
    const right = await newCustomer({ externalRef: k('REF') });
    expect((await theOrder()).customerId).toBe(right.id);
    expect([(await get(`/customers/${wrong.id}`)).lastOrderDate, right.lastOrderDate]).toEqual([null, '2026-03-01']);
  });

  it('FEED-3: a deleted customer keeps its orders, and finds new ones when it is restored', async () => {
    const customer = await newCustomer({ externalRef: k('REF') });
    await feed('orders', order());
    await world.service.as(world.manager).delete(`/api/v1/customers/${customer.id}`).expect(204);
    await feed('orders', order({ version: 2, status: 'paid' }), order({ key: k('O2'), date: '2026-04-01' }));
    expect(await theOrder()).toMatchObject({ customerId: customer.id, status: 'paid' });
    const back = await world.service.as(world.manager).post(`/api/v1/customers/${customer.id}/restore`).expect(200);
    expect(back.body.lastOrderDate).toBe('2026-04-01');
    expect((await get(`/customers/${customer.id}/orders?count=true`)).total).toBe(2);
  });

  it('FEED-3: an order and its customer that come at the same moment find each other', async () => {
    await overlapping(
      world,
      () => feed('orders', order()),
      () => newCustomer({ externalRef: k('REF') }),
    );
    expect((await theOrder()).customerId).not.toBeNull();
    const second = order({ key: k('O2'), customerRef: k('REF2') });
    await overlapping(
      world,
      () => newCustomer({ externalRef: k('REF2') }),
      () => feed('orders', second),
    );
    expect((await get(`/orders/unmatched?key=${k('O')},${k('O2')}`)).items).toEqual([]);
  });

  it('FEED-2: orders of one reference do not wait for each other', async () => {
    // Two keys may share a bucket of locks; these do not.
    const [{ other }] = (await world.service.query(
      `SELECT min(key) AS other FROM (SELECT $1 || n AS key FROM generate_series(1, 20) n) AS keys
        WHERE abs(hashtext(key) % 1024) <> abs(hashtext($2) % 1024)`,
      [k('O2'), k('O')],
    )) as [{ other: string }];
    await sideBySide(
      world,
      () => feed('orders', order()),
      () => feed('orders', order({ key: other })),
    );
    expect((await get(`/orders/unmatched?key=${k('O')},${other}`)).items).toHaveLength(2);
  });

  it('FEED-2, CHU-1: two orders of one customer at the same moment both count', async () => {
    const customer = await newCustomer({ externalRef: k('REF') });
    for (const [first, second, last] of [
      ['2026-05-01', '2026-04-01', '2026-05-01'],
      ['2026-06-01', '2026-07-01', '2026-07-01'],
    ]) {
      await overlapping(
        world,
        () => feed('orders', order({ key: k(`O ${first}`), date: first })),
        () => feed('orders', order({ key: k(`O ${second}`), date: second })),
      );
      expect((await get(`/customers/${customer.id}`)).lastOrderDate).toBe(last);
    }
  });

  it('FEED-2: two versions of a new order at the same moment come one after the other', async () => {
    const first = await newCustomer({ externalRef: k('REF') });
    const second = await newCustomer({ externalRef: k('REF2') });
    await overlapping(
      world,
      () => feed('orders', order()),
      () => feed('orders', order({ version: 2, customerRef: k('REF2') })),
    );
    expect(await theOrder()).toMatchObject({ customerId: second.id });
    const actsOf = async ({ id }: Json): Promise<string[]> =>
      (await get(`/customers/${id}/timeline`)).items
        .map(({ act }: Json) => act)
        .filter((act: string) => act.startsWith('order'));
    expect(await actsOf(first)).toEqual(['order-moved', 'order-recorded']);
    expect(await actsOf(second)).toEqual(['order-recorded']);
    expect((await get(`/customers/${first.id}`)).lastOrderDate).toBeNull();
  });

  it('FEED-2: an order and its product that come at the same moment find each other', async () => {
    const product = { key: k('P'), version: 1, name: 'Chai' };
    await overlapping(
      world,
      () => feed('orders', order()),
      () => feed('products', product),
    );
    expect((await theOrder()).lines).toMatchObject([{ productName: 'Chai' }]);
    await overlapping(
      world,
      () => feed('products', { ...product, key: k('P2') }),
      () => feed('orders', order({ version: 2, lines: [{ productKey: k('P2'), quantity: 1, unitPrice: '1' }] })),
    );
    expect((await theOrder()).lines).toMatchObject([{ productName: 'Chai' }]);
  });

  it('CHU-1: the last order date is that of the last order that is not cancelled', async () => {
    const customer = await newCustomer({ externalRef: k('REF') });
    const last = async () => (await get(`/customers/${customer.id}`)).lastOrderDate;
    await feed('orders', order(), order({ key: k('O2'), date: '2026-05-01' }));
    expect(await last()).toBe('2026-05-01');
    await feed('orders', order({ key: k('O2'), date: '2026-05-01', version: 2, status: 'cancelled' }));
    expect(await last()).toBe('2026-03-01');
    await feed('orders', order({ version: 2, customerRef: k('ELSEWHERE') }));
    expect(await last()).toBeNull();
    expect((await get(`/customers/${customer.id}`)).version).toBe(1);
  });

  it('FEED-3: a reference is a customer’s code or external reference; one of a living customer goes before one of a deleted', async () => {
    const first = await newCustomer({ externalRef: k('REF') });
    await feed('orders', order(), order({ key: k('O2'), customerRef: first.code }));
    const ofFirst = (await get(`/customers/${first.id}/orders?count=true`)).total;
    expect(ofFirst).toBe(2);
    await world.service.as(world.manager).delete(`/api/v1/customers/${first.id}`).expect(204);
    const second = await newCustomer({ externalRef: k('REF') });
    await feed('orders', order({ version: 2 }), order({ key: k('O3') }));
    expect((await get(`/customers/${second.id}/orders?sort=date`)).items.map((item: Json) => item.key).sort()).toEqual([
      k('O'),
      k('O3'),
    ]);
  });

  it('FEED-1, FEED-4: one order is read by its id or the sales system’s key, with its lines and status', async () => {
    await feed('products', { key: k('P'), version: 1, name: 'Chai' });
    await feed('orders', order({ status: 'cancelled', address: '上海市\n南京路 1 号' }));
    const seen = OrderView.strict().parse(await get(`/orders/${k('O')}`));
    expect(seen).toMatchObject({ key: k('O'), status: 'cancelled', address: '上海市\n南京路 1 号', total: '126.23' });
    expect(seen.lines).toMatchObject([{ productName: 'Chai', amount: '126.23' }]);
    expect(await get(`/orders/${seen.id}`)).toEqual(seen);
    for (const key of [k('NONE'), v7(), '%00', encodeURIComponent("' OR 1=1 --")])
      await world.service.as(world.alice).get(`/api/v1/orders/${key}`).expect(404);
    const own = { ...world.alice, rights: { 'order.read': 'own' as const } };
    await world.service.as(own).get(`/api/v1/orders/${seen.id}`).expect(404);
    await newCustomer({ externalRef: k('REF') });
    await world.service.as(own).get(`/api/v1/orders/${seen.id}`).expect(200);
    await world.service
      .as({ ...own, id: world.bob.id })
      .get(`/api/v1/orders/${seen.id}`)
      .expect(404);
    await world.service
      .as({ ...own, rights: { 'product.read': 'all' } })
      .get(`/api/v1/orders/${seen.id}`)
      .expect(403);
  });

  it('FEED-4: the order history is searched by number, address and product, in any case and width', async () => {
    const customer = await newCustomer({ externalRef: k('REF') });
    await feed('products', { key: k('P'), version: 1, name: '龙井 Tea' });
    await feed('orders', order({ address: 'Ｎａｎｊｉｎｇ Road 1' }), order({ key: k('Z9'), lines: [] }));
    const found = async (q: string) =>
      (await get(`/customers/${customer.id}/orders?q=${encodeURIComponent(q)}`)).items.map((item: Json) => item.key);
    for (const q of ['nanjing-road', '井TEA', k('o').toUpperCase(), k('p')]) expect(await found(q)).toEqual([k('O')]);
    expect(await found('z9')).toEqual([k('Z9')]);
    for (const q of ['100%', 'road 1龙', 'nothing']) expect(await found(q)).toEqual([]);
    // Among the orders of all customers a search would look at each.
    await world.service.as(world.alice).get('/api/v1/orders?q=z9').expect(400);
  });

  it('FEED-4: the order history is filtered and paged', async () => {
    const customer = await newCustomer({ externalRef: k('REF') });
    const dates = ['2026-01-01', '2026-02-01', '2026-03-01'];
    await feed(
      'orders',
      ...dates.map((date, n) => order({ key: k(`H${n}`), date, status: n === 1 ? 'paid' : 'unpaid' })),
    );
    const history = async (query: string) =>
      (await get(`/customers/${customer.id}/orders?${query}`)).items.map((item: Json) => item.date);
    expect(await history('')).toEqual(dates.toReversed());
    expect(await history('sort=date&limit=2')).toEqual(dates.slice(0, 2));
    expect(await history('status=paid')).toEqual(['2026-02-01']);
    expect(await history('date[gte]=2026-02-01&date[lt]=2026-03-01')).toEqual(['2026-02-01']);
    await world.service.as(world.alice).get(`/api/v1/customers/${v7()}/orders`).expect(404);
    // The right for orders does not show whose they are: that takes the right for the customer too.
    await world.service.as(world.salesSystem).get(`/api/v1/customers/${customer.id}/orders`).expect(404);
    await world.service.as(world.salesSystem).get(`/api/v1/customers/${customer.code}/orders`).expect(404);
    await world.service.as(world.salesSystem).get('/api/v1/orders').expect(200);
    const named = { ...world.alice, rights: { 'order.read': 'names' as const } };
    await world.service.as(named).get('/api/v1/orders').expect(403);
  });
});

import { ProductRecorded, ProductView, StockRecorded, type FeedKind } from '#contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CHANGED,
  feedAs,
  orderOf,
  ownKeys,
  readAs,
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

describe('feeding products and stock', () => {
  it('FEED-2: the newer version wins, an equal or older one changes nothing', async () => {
    const product = (version: number | string, name: string) => ({
      key: k('P'),
      version,
      name,
      price: '18',
      currency: 'USD',
    });
    expect(await feed('products', product(2, 'Chai'))).toEqual(CHANGED);
    expect(await feed('products', product(2, 'Other'))).toEqual(UNCHANGED);
    expect(await feed('products', product(1, 'Old'))).toEqual(UNCHANGED);
    expect((await get(`/products?key=${k('P')}`)).items).toMatchObject([{ name: 'Chai', price: '18.00' }]);
    expect(await feed('products', product('2026-01-01T00:00:00Z', 'Chai 2'))).toEqual(CHANGED);
    expect(await feed('products', product('2026-01-01T07:59:59+08:00', 'Older'))).toEqual(UNCHANGED);
    expect((await get(`/products?key=${k('P')}`)).items).toMatchObject([{ name: 'Chai 2' }]);
    const { length } = await world.service.query('SELECT FROM outbox WHERE type = $1 AND data->>$2 = $3', [
      ProductRecorded.type,
      'key',
      k('P'),
    ]);
    expect(length).toBe(2);
  });

  it('FEED-2: of several versions in one batch the newest stays', async () => {
    const item = (version: number) => ({
      key: k('S'),
      version,
      productKey: k('P'),
      warehouse: 'W1',
      quantity: version,
    });
    expect(await feed('stock', item(1), item(3), item(2))).toEqual({
      accepted: 1,
      unchanged: 2,
      rejected: [],
    });
    expect((await get(`/stock?productKey=${k('P')}`)).items).toMatchObject([{ quantity: 3, productName: null }]);
    const { data } = await world.service.events.published(
      StockRecorded.type,
      (event) => (event.data as Json).key === k('S'),
    );
    expect(data).toMatchObject({ quantity: 3, warehouse: 'W1' });
  });

  it('FEED-4: products and stock can be searched and filtered', async () => {
    await feed('products', { key: k('P'), version: 1, name: `乌龙茶 ${k('Tea')}`, type: 'tea' });
    await feed('stock', {
      key: k('S'),
      version: 1,
      productKey: k('P'),
      warehouse: k('上海仓'),
      bin: 'A-1',
      quantity: -2.5,
    });
    expect((await get(`/products?q=${encodeURIComponent(`龙茶${k('tea')}`)}`)).items).toMatchObject([
      { key: k('P'), price: null },
    ]);
    expect((await get(`/products?type=tea&name=${encodeURIComponent('乌龙')}&key=${k('P')}`)).items).toHaveLength(1);
    const stock = [{ key: k('S'), productName: `乌龙茶 ${k('Tea')}`, bin: 'A-1', quantity: -2.5 }];
    expect((await get(`/stock?warehouse=${encodeURIComponent(k('上海仓'))}`)).items).toMatchObject(stock);
    expect((await get(`/stock?q=${encodeURIComponent(`乌龙茶${k('tea')}`)}`)).items).toMatchObject(stock);
  });
});

describe('reading products and stock', () => {
  it('FEED-4: a product is read by its key, stock is sorted by warehouse and found by its product or place', async () => {
    await feed('products', { key: k('P/1 茶'), version: 1, name: 'Tea', batch: 'A', unit: 'kg', remarks: 'green' });
    const path = `/products/${encodeURIComponent(k('P/1 茶'))}`;
    expect(ProductView.strict().parse(await get(path))).toEqual({
      key: k('P/1 茶'),
      name: 'Tea',
      type: null,
      batch: 'A',
      unit: 'kg',
      price: null,
      currency: null,
      remarks: 'green',
    });
    await world.service
      .as(world.alice)
      .get(`/api/v1/products/${k('NONE')}`)
      .expect(404);
    await world.service.as(world.alice).get('/api/v1/products/%00').expect(404);
    await world.service
      .as({ ...world.alice, rights: { 'order.read': 'all' } })
      .get(`/api/v1${path}`)
      .expect(403);
    const stock = (n: number) => ({
      key: k(`S${n}`),
      version: 1,
      productKey: k('P/1 茶'),
      warehouse: `W${n}`,
      bin: k(`bin${n}`),
      quantity: n,
    });
    await feed('stock', stock(2), stock(1), { ...stock(3), productKey: k('OTHER') });
    const found = async (query: string) =>
      (await get(`/stock?${query}`)).items.map(({ quantity }: Json) => quantity as number);
    const product = encodeURIComponent(k('P/1 茶'));
    expect(await found(`productKey=${product}`)).toEqual([1, 2]);
    expect(await found(`productKey=${product}&sort=-warehouse`)).toEqual([2, 1]);
    expect(await found(`productKey=${product},${k('OTHER')}&warehouse=W3`)).toEqual([3]);
    expect(await found(`q=${encodeURIComponent(k('bin3'))}`)).toEqual([3]);
    expect(await found(`q=${product}`)).toEqual([1, 2]);
  });
});

describe('the door of the feed', () => {
  it('FEED-3: a bad item is refused with its key and kept, the others go in', async () => {
    const good = order();
    const items = [
      good,
      { ...order({ key: k('BAD') }), status: 'lost' },
      order({ key: k('HUGE'), lines: [{ productKey: 'p', quantity: 1e12, unitPrice: '999999999999999' }] }),
      { key: `${k('NUL')}\0`, version: 1 },
      { ...order({ key: k('LINE') }), lines: [{ productKey: 'p', quantity: 'x', unitPrice: '1' }] },
      { ...order({ key: k('VER') }), version: 'yesterday' },
      'nonsense',
    ];
    const result = await feed('orders', ...items);
    expect(result).toMatchObject({ accepted: 1, unchanged: 0 });
    expect(result.rejected).toEqual([
      { key: k('BAD'), reason: expect.stringContaining('status') },
      { key: k('HUGE'), reason: expect.stringContaining('too large') },
      { key: `${k('NUL')}\ufffd`, reason: expect.stringContaining('cannot be stored') },
      { key: k('LINE'), reason: expect.stringContaining('lines.0.quantity') },
      { key: k('VER'), reason: expect.stringContaining('version') },
      { key: null, reason: expect.any(String) },
    ]);
    expect(await theOrder()).toBeDefined();
    await feed('orders', ...items);
    const door = world.service.as(world.salesSystem);
    const kept = (await door.get('/api/v1/sales-feed/rejections?kind=order&limit=200').expect(200)).body
      .items as Json[];
    expect(kept.filter(({ key }) => key === k('BAD'))).toEqual([
      expect.objectContaining({ kind: 'order', reason: expect.stringContaining('status'), item: items[1] }),
    ]);
    expect(kept.filter(({ key }) => key?.startsWith(k('NUL')))).toMatchObject([{ item: items[3] }]);
  });

  it('FEED-3: the reason is told to each in their language, at once and later', async () => {
    const answer = await world.service
      .as(world.salesSystem)
      .put('/api/v1/sales-feed/products')
      .set('Accept-Language', 'zh-CN')
      .send({ items: [{ key: k('ZH'), version: 1, name: 'Chai', colour: 'red' }] })
      .expect(200);
    expect(answer.body.rejected).toEqual([{ key: k('ZH'), reason: 'colour: 未知字段' }]);
    const seen = async (language: string) =>
      (
        await world.service
          .as(world.manager)
          .get(`/api/v1/sales-feed/rejections?key=${k('ZH')}`)
          .set('Accept-Language', language)
          .expect(200)
      ).body.items as Json[];
    expect(await seen('zh-CN')).toMatchObject([{ reason: 'colour: 未知字段' }]);
    expect(await seen('en')).toMatchObject([{ reason: 'colour: unknown field' }]);
  });

  it('FEED-3: rejections are seen by whoever sees all orders, and found by kind, key and time', async () => {
    await feed('products', { key: k('BAD'), version: 1 });
    const list = async (query: string, actor = world.manager) =>
      (await world.service.as(actor).get(`/api/v1/sales-feed/rejections?${query}`).expect(200)).body.items as Json[];
    const rejected = { kind: 'product', key: k('BAD'), reason: expect.stringContaining('name'), item: { version: 1 } };
    for (const actor of [world.manager, world.alice, world.salesSystem])
      expect(await list(`key=${k('BAD')}`, actor)).toMatchObject([rejected]);
    const [{ rejectedAt }] = (await list(`key=${k('BAD')}`)) as [Json];
    expect(await list(`kind=product&rejectedAt[gte]=${rejectedAt}&key=${k('BAD')}`)).toHaveLength(1);
    expect(await list(`kind=order&key=${k('BAD')}`)).toEqual([]);
    expect(await list(`rejectedAt[gt]=2999-01-01T00:00:00Z&key=${k('BAD')}`)).toEqual([]);
    // What was rejected is nobody's own.
    const own = { ...world.alice, rights: { 'order.read': 'own' as const } };
    expect(await list(`key=${k('BAD')}`, own)).toEqual([]);
    await world.service
      .as({ ...world.alice, rights: { 'product.read': 'all' } })
      .get('/api/v1/sales-feed/rejections')
      .expect(403);
  });

  it('FEED-3: a day of the year 0 is refused by its key, its neighbours go in', async () => {
    const keys = [k('A'), k('B'), k('C')];
    const dates = ['0001-01-01', '0000-01-01', '9999-12-31'];
    const result = await feed('orders', ...keys.map((key, n) => order({ key, date: dates[n] })));
    const reason = 'date: there is no year 0';
    expect(result).toEqual({ accepted: 2, unchanged: 0, rejected: [{ key: keys[1], reason }] });
    for (const [n, key] of keys.entries())
      expect((await get(`/orders?key=${key}`)).items).toMatchObject(n === 1 ? [] : [{ key, date: dates[n] }]);
  });

  it('FEED-3: of an item of 7 MB the beginning is kept, and what names it stays short', async () => {
    const long = 'x'.repeat(7_000_000);
    const items = [
      { key: k('TEXT'), version: 1, name: 'Chai', remarks: long },
      { key: k('NAME'), version: 1, name: 'Chai', [long]: 1 },
    ];
    for (const item of items) {
      const { rejected } = await feed('products', item);
      expect(rejected).toMatchObject([{ key: item.key }]);
      expect(rejected[0].reason.length).toBeLessThan(300);
    }
    const door = world.service.as(world.salesSystem);
    const { body } = await door.get('/api/v1/sales-feed/rejections?kind=product&limit=200').expect(200);
    for (const item of items) {
      const kept = (body.items as Json[]).filter(({ key }) => key === item.key);
      const whole = JSON.stringify(item);
      expect(kept).toMatchObject([{ item: { beginning: whole.slice(0, 20_000), length: whole.length } }]);
      expect(kept[0]!.reason.length).toBeLessThan(300);
    }
  });

  it('AUT-8: only a service account with the right feeds', async () => {
    const items = [order()];
    await world.service.as(world.manager).put('/api/v1/sales-feed/orders').send({ items }).expect(403);
    await world.service.as(world.alice).put('/api/v1/sales-feed/products').send({ items }).expect(403);
  });

  it('FEED-2: a batch holds 1 to 1000 items', async () => {
    const door = world.service.as(world.salesSystem);
    const many = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ key: k(`N${n}`), version: 1, name: `N${n}` }));
    expect(await feed('products', ...many(1000))).toMatchObject({ accepted: 1000 });
    await door
      .put('/api/v1/sales-feed/products')
      .send({ items: many(1001) })
      .expect(400);
    await door.put('/api/v1/sales-feed/products').send({ items: [] }).expect(400);
    await door.put('/api/v1/sales-feed/products').send({ items: [], more: 1 }).expect(400);
  });
});

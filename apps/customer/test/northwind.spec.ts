import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { readFileSync } from 'node:fs';
import { churnOf } from './churn.fixture.js';
import { startWorld, type Json, type World } from './customer.fixture.js';

const FILES = new URL('../../../tools/demo/northwind/', import.meta.url);
const read = (name: string) =>
  parse(readFileSync(new URL(`${name}.csv`, FILES)), { columns: true }) as Record<string, string>[];

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

const feed = async (kind: string, items: object[]) =>
  (await world.service.as(world.salesSystem).put(`/api/v1/sales-feed/${kind}`).send({ items }).expect(200)).body;

it('FEED-1…4: the Northwind orders come to the known totals, and a second feed changes nothing', async () => {
  const details = read('order-details');
  const products = read('products').map(({ productID, productName, unitPrice }) => ({
    key: productID,
    version: 1,
    name: productName,
    price: unitPrice,
    currency: 'USD',
  }));
  const stock = read('products').map(({ productID, unitsInStock }) => ({
    key: productID,
    version: 1,
    productKey: productID,
    warehouse: 'main',
    quantity: Number(unitsInStock),
  }));
  const orders = read('orders').map(({ orderID, customerID, orderDate }) => ({
    key: orderID,
    version: 1,
    customerRef: customerID,
    date: orderDate,
    status: 'paid',
    currency: 'USD',
    lines: details
      .filter((line) => line.orderID === orderID)
      .map(({ productID, quantity, unitPrice, discount }) => ({
        productKey: productID,
        quantity: Number(quantity),
        unitPrice,
        discount: Number(discount),
      })),
  }));
  const ok = (accepted: number, unchanged = 0) => ({ accepted, unchanged, rejected: [] });
  expect(await feed('orders', orders)).toEqual(ok(830));
  expect(await feed('products', products)).toEqual(ok(77));
  expect(await feed('stock', stock)).toEqual(ok(77));
  expect(await feed('orders', orders)).toEqual(ok(0, 830));
  expect(await feed('products', products)).toEqual(ok(0, 77));
  expect(await feed('stock', stock)).toEqual(ok(0, 77));

  const quick = await world.service
    .as(world.alice)
    .post('/api/v1/customers')
    .send({ name: 'QUICK-Stop', externalRef: 'QUICK' });
  const history = await world.service
    .as(world.alice)
    .get(`/api/v1/customers/${(quick.body as Json).id}/orders?date[gte]=1997-01-01&date[lte]=1997-12-31&limit=200`)
    .expect(200);
  const cents = (history.body.items as Json[]).reduce((sum, { total }) => sum + Math.round(Number(total) * 100), 0);
  expect(cents).toBe(6_110_992);
  const [all] = await world.service.query('SELECT sum(total)::text AS total, count(*)::int AS orders FROM sales_order');
  expect(all).toEqual({ total: '1265793.2900', orders: 830 });
  expect(await world.service.query('SELECT FROM sales_order_line WHERE product_name IS NULL')).toEqual([]);
}, 60_000);

it('CHU-1, CHU-4: as of 6 May 1998 exactly five of its customers are at risk; who never ordered became one only now', async () => {
  const churn = churnOf(world);
  const ids = new Map<string, string>();
  for (const { customerID, companyName } of read('customers')) {
    const known = await world.service.query<{ id: string }>('SELECT id FROM customer WHERE external_ref = $1', [
      customerID,
    ]);
    if (known[0]) ids.set(known[0].id, customerID!);
    else {
      const { body } = await world.service
        .as(world.bob)
        .post('/api/v1/customers')
        .send({ name: companyName, externalRef: customerID })
        .expect(201);
      ids.set((body as Json).id, customerID!);
    }
  }
  const atRisk = async (status: string) => {
    const { body } = await world.service
      .as(world.manager)
      .get(`/api/v1/churn-alerts?status=${status}&limit=200`)
      .expect(200);
    return (body.items as Json[])
      .map(({ customerId, lastOrderDate }) => `${ids.get(customerId)} ${lastOrderDate}`)
      .sort();
  };
  const five = ['CENTC 1996-07-18', 'FAMIA 1997-10-31', 'HUNGC 1997-09-08', 'LAZYK 1997-05-22', 'MEREP 1997-10-30'];
  expect(await churn.scan('1998-05-06')).toMatchObject({ total: 5, processed: 5 });
  expect(await atRisk('warning')).toEqual(five);
  // Ten had been silent for half a year at the end of 1997: two of the five, and eight whom an order since then would recover.
  expect(await churn.scan('1997-12-31')).toMatchObject({ total: 0, processed: 0 });
  expect(await atRisk('warning')).toEqual(five);
  // Inside the period that was looked at and behind it, and before it.
  await churn.order('MEREP', '1997-11-06');
  await churn.order('FAMIA', '1998-05-07');
  await churn.order('HUNGC', '1997-11-05');
  expect(await atRisk('recovered')).toEqual(['FAMIA 1997-10-31', 'MEREP 1997-10-30']);
  // As of today all are at risk but those who never ordered.
  expect(await churn.scan()).toMatchObject({ processed: 91 - 3 - 2 });
  expect((await atRisk('warning')).filter((each) => /PARIS|FISSA/.test(each))).toEqual([]);
}, 60_000);

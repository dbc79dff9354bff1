import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { readFileSync } from 'node:fs';
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

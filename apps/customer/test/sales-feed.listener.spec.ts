import { inboxPrefix, SALES_SUBJECTS } from '#contracts';
import { TEST_PASSWORD } from '#testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { feedAs, orderOf, ownKeys, readAs, startWorld, UNCHANGED, type Json, type World } from './customer.fixture.js';

let world: World;
let nats: NatsConnection;
let k: (name: string) => string;
beforeAll(async () => {
  world = await startWorld();
  nats = await connect({
    servers: world.service.nats.url,
    user: 'sales-system',
    pass: TEST_PASSWORD,
    inboxPrefix: inboxPrefix('sales-system'),
  });
  // The stream is made by the service's consumer; until it is there, what is published is not kept.
  const stored = () => jetstream(nats).publish(SALES_SUBJECTS.stock, JSON.stringify({ items: [] }));
  await world.service.eventually(
    () =>
      stored().then(
        () => true,
        () => false,
      ),
    'there is no stream for sales',
  );
});
afterAll(async () => {
  await nats?.close();
  await world?.service.stop();
});
beforeEach(() => {
  k = ownKeys();
});

const publish = (subject: string, body: string) => jetstream(nats).publish(subject, body);
const orders = async (): Promise<Json[]> => (await readAs(world, `/orders?key=${k('O')}`)).items;

describe('the sales feed over NATS', () => {
  it('FEED-2: takes batches and single items by the same rules as over REST', async () => {
    const product = { key: k('P'), version: 1, name: 'Chai' };
    await publish(SALES_SUBJECTS.products, JSON.stringify({ items: [product] }));
    await publish(SALES_SUBJECTS.orders, JSON.stringify(orderOf(k, { version: 2, status: 'paid' })));
    await publish(SALES_SUBJECTS.orders, JSON.stringify(orderOf(k)));
    await publish(SALES_SUBJECTS.orders, JSON.stringify(orderOf(k, { version: 3 })));
    await world.service.eventually(async () => (await orders())[0]?.status === 'unpaid', 'version 3 was not taken');
    expect(await orders()).toMatchObject([{ total: '126.23', lines: [{ productName: 'Chai' }] }]);
    expect(await feedAs(world, 'products', [product])).toEqual(UNCHANGED);
  });

  it('FEED-3: keeps what it cannot read as a rejection, and goes on', async () => {
    await publish(SALES_SUBJECTS.orders, `no json ${k('X')}`);
    await publish(SALES_SUBJECTS.orders, JSON.stringify({ items: [{ key: k('BAD') }] }));
    await publish(SALES_SUBJECTS.orders, JSON.stringify(orderOf(k)));
    await world.service.eventually(async () => (await orders()).length === 1, 'the good order was not taken');
    const door = world.service.as(world.salesSystem);
    const { items } = (await door.get('/api/v1/sales-feed/rejections').expect(200)).body as { items: Json[] };
    expect(items.map(({ item }) => item)).toEqual([{ key: k('BAD') }, `no json ${k('X')}`]);
    const bad = (await world.service.as(world.manager).get(`/api/v1/sales-feed/rejections?key=${k('BAD')}`)).body;
    expect(bad.items).toMatchObject([{ kind: 'order', reason: expect.stringContaining('customerRef') }]);
  });

  it('FEED-2: goes on where it was when its service is started anew', async () => {
    await publish(SALES_SUBJECTS.orders, JSON.stringify(orderOf(k)));
    await world.service.eventually(async () => (await orders()).length === 1, 'the order was not taken');
    await world.service.halt();
    await publish(SALES_SUBJECTS.orders, JSON.stringify(orderOf(k, { version: 2, status: 'paid' })));
    await world.service.run();
    await world.service.eventually(async () => (await orders())[0]?.status === 'paid', 'version 2 was not taken');
  });
});

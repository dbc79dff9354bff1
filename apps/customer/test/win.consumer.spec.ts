import { ContactAdded, CustomerCreated, CustomerOpportunityLinked, type Envelope } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v7 } from 'uuid';
import { overlapping, startWorld, type Json, wonBy, type World } from './customer.fixture.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

const named = async (name: string): Promise<Json[]> =>
  (await world.service.as(world.bob).get('/api/v1/customers').query({ name }).expect(200)).body.items;
const contactsOf = async (id: string): Promise<Json[]> =>
  (await world.service.as(world.bob).get(`/api/v1/customers/${id}/contacts`).expect(200)).body.items;
const linksTo = (opportunityId: string) =>
  world.service.query('SELECT data FROM outbox WHERE type = $1 AND data->>$2 = $3', [
    CustomerOpportunityLinked.type,
    'opportunityId',
    opportunityId,
  ]);

describe('a won opportunity', () => {
  it('MKT-6: becomes a customer with its first contact, owned by the assignee', async () => {
    const won = wonBy(world.alice.id, 'Alfreds Futterkiste');
    await world.service.deliver(won);
    const [customer] = await named('Alfreds Futterkiste');
    expect(customer).toMatchObject({
      ownerId: world.alice.id,
      region: 'germany',
      sourceOpportunityId: won.aggregateId,
      status: 'active',
    });
    expect(await contactsOf(customer!.id)).toMatchObject([
      { name: 'Maria Anders', officePhone: '030-0074321', isPrimary: true },
    ]);
    const created = await world.service.events.published(
      CustomerCreated.type,
      ({ subject }) => subject === customer!.id,
    );
    expect(created.data).toMatchObject({ sourceOpportunityId: won.aggregateId, ownerId: world.alice.id });
    await world.service.events.published(ContactAdded.type, ({ data }) => (data as Json).customerId === customer!.id);
  });

  it('MKT-6: makes no contact without a contact name', async () => {
    await world.service.deliver(wonBy(world.alice.id, 'Nameless', { contactName: null }));
    const [customer] = await named('Nameless');
    expect(customer?.phone).toBe('030-0074321');
    expect(await contactsOf(customer!.id)).toEqual([]);
  });

  it('MKT-6: is linked to the customer of its name, whose owner stays', async () => {
    const own = await world.service
      .as(world.bob)
      .post('/api/v1/customers')
      .send({ name: '华为 Technologies' })
      .expect(201);
    const won = wonBy(world.alice.id, ' 华为  ＴＥＣＨＮＯＬＯＧＩＥＳ ');
    await world.service.deliver(won);
    const linked = await world.service.events.published(
      CustomerOpportunityLinked.type,
      ({ data }) => (data as Json).opportunityId === won.aggregateId,
    );
    expect(linked.data).toEqual({ customerId: own.body.id, opportunityId: won.aggregateId });
    expect(await named('华为')).toMatchObject([{ id: own.body.id, ownerId: world.bob.id }]);
    expect(await contactsOf(own.body.id)).toEqual([]);
  });

  it.each([
    ['blanks around and doubled within', 'Trim Ltd', '\t Trim   Ltd \u3000'],
    ['case', 'Straße & Söhne', 'STRAßE & SÖHNE'],
    ['full width', 'ＡＣＭＥ（上海）有限公司', 'acme(上海)有限公司'],
    ['letters composed otherwise', 'Caf\u00e9 Ltd', 'CAFE\u0301 ltd'],
  ])('MKT-6: names that differ only by %s are the same', async (_, name, same) => {
    const { body: known } = await world.service.as(world.bob).post('/api/v1/customers').send({ name }).expect(201);
    const won = wonBy(world.alice.id, same);
    await world.service.deliver(won);
    expect(await linksTo(won.aggregateId)).toMatchObject([{ data: { customerId: known.id } }]);
  });

  it('MKT-6: names that differ by more are not', async () => {
    const { body: known } = await world.service
      .as(world.bob)
      .post('/api/v1/customers')
      .send({ name: 'Near Ltd' })
      .expect(201);
    for (const name of ['Near-Ltd', 'NearLtd', 'Near Ltd.', 'Near Ltd 2']) {
      const won = wonBy(world.alice.id, name);
      await world.service.deliver(won);
      expect(await linksTo(won.aggregateId)).toEqual([]);
      expect((await named(name)).map(({ sourceOpportunityId }) => sourceOpportunityId)).toContain(won.aggregateId);
    }
    expect((await world.service.as(world.bob).get(`/api/v1/customers/${known.id}`)).body).toMatchObject({ version: 1 });
  });

  it.each(['active', 'at_risk', 'lost'])(
    'MKT-6: is linked to a customer that is %s, who stays as they are',
    async (status) => {
      const { body: known } = await world.service
        .as(world.bob)
        .post('/api/v1/customers')
        .send({ name: `Any status ${status}` })
        .expect(201);
      await world.service.query('UPDATE customer SET status = $2 WHERE id = $1', [known.id, status]);
      const won = wonBy(world.alice.id, `ANY STATUS ${status}`);
      await world.service.deliver(won);
      expect(await linksTo(won.aggregateId)).toMatchObject([{ data: { customerId: known.id } }]);
      expect(await named(`any status ${status}`)).toMatchObject([{ id: known.id, ownerId: world.bob.id, status }]);
      expect(await contactsOf(known.id)).toEqual([]);
    },
  );

  it('MKT-6: is linked to the living one of its name where another was deleted', async () => {
    const create = async () =>
      (await world.service.as(world.bob).post('/api/v1/customers').send({ name: 'Twice Ltd' }).expect(201))
        .body as Json;
    const [older, living] = [await create(), await create()];
    await world.service.as(world.manager).delete(`/api/v1/customers/${older.id}`).expect(204);
    const won = wonBy(world.alice.id, 'Twice Ltd');
    await world.service.deliver(won);
    expect(await linksTo(won.aggregateId)).toMatchObject([{ data: { customerId: living.id } }]);
  });

  it('MKT-6: is not linked to a deleted customer', async () => {
    const gone = await world.service.as(world.bob).post('/api/v1/customers').send({ name: 'Gone Ltd' }).expect(201);
    await world.service.as(world.manager).delete(`/api/v1/customers/${gone.body.id}`).expect(204);
    await world.service.deliver(wonBy(world.alice.id, 'Gone Ltd'));
    expect(await named('Gone Ltd')).toMatchObject([{ ownerId: world.alice.id }]);
  });

  it('MKT-6: two wins of one name at once make one customer', async () => {
    const first = wonBy(world.alice.id, 'Race Ltd');
    const second = wonBy(world.bob.id, 'RACE LTD');
    await world.service.deliver(first, second);
    const customers = await named('race ltd');
    expect(customers).toHaveLength(1);
    const other = customers[0]!.sourceOpportunityId === first.aggregateId ? second : first;
    expect(await linksTo(other.aggregateId)).toHaveLength(1);
  });

  it('MKT-6: a win that comes while somebody creates the customer by hand is linked to that one', async () => {
    const won = wonBy(world.alice.id, 'Beside Ltd');
    await overlapping(
      world,
      () => world.service.as(world.bob).post('/api/v1/customers').send({ name: 'BESIDE  Ltd' }).expect(201),
      () => world.service.deliver(won),
    );
    expect(await named('beside')).toMatchObject([{ ownerId: world.bob.id }]);
    expect(await linksTo(won.aggregateId)).toHaveLength(1);
  });

  it('MKT-6, EVT-2: makes exactly one customer and one contact however it is delivered', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(2), { minLength: 3, maxLength: 12 }), async (deliveries) => {
        const name = `Property ${(round += 1)}`;
        const envelopes: Envelope[] = [0, 1, 2].map((n) =>
          world.service.events.envelope(wonBy(world.alice.id, `${name} Number ${n}`)),
        );
        // Every one at least once, the rest is repetition in any order.
        await world.service.events.send(...deliveries.map((n) => envelopes[n]!), ...envelopes);
        await world.service.applied(...envelopes);
        const customers = await named(name);
        expect(customers).toHaveLength(3);
        for (const { id } of customers) expect(await contactsOf(id)).toHaveLength(1);
      }),
      { numRuns: 10 },
    );
    // Deliveries that came late have been looked at by now as well.
    await world.service.deliver(wonBy(world.alice.id, 'Last one'));
    const [{ total }] = (await world.service.query<{ total: number }>(
      `SELECT count(*)::int AS total FROM customer WHERE name LIKE 'Property %'`,
    )) as [{ total: number }];
    expect(total).toBe(3 * round);
  });

  it('MKT-6: the database itself refuses a second customer of one opportunity', async () => {
    const won = wonBy(world.alice.id, 'Wall Ltd');
    await world.service.deliver(won);
    const second = world.service.query(
      `INSERT INTO customer (id, code, version, status, name, folded_name, tags, created_at, source_opportunity_id)
       VALUES ($1, 'W', 1, 'active', 'W', 'w', '{}', now(), $2)`,
      [v7(), won.aggregateId],
    );
    await expect(second).rejects.toMatchObject({ constraint: 'customer_source_opportunity' });
  });
});

import type { CustomerView } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  feedAs,
  type Json,
  orderOf,
  overlapping,
  ownKeys,
  startWorld,
  transaction,
  untilLocked,
  type World,
  wonBy,
} from './customer.fixture.js';
import { mergeDesk } from './merge.fixture.js';

let world: World;
let desk: ReturnType<typeof mergeDesk>;
beforeAll(async () => {
  world = await startWorld();
  desk = mergeDesk(world);
});
afterAll(() => world?.service.stop());

const CUSTOMERS = '/api/v1/customers';
const three = async (): Promise<[CustomerView, CustomerView, CustomerView]> => {
  const make = () => desk.create({ name: ownKeys()('Race') });
  return [await make(), await make(), await make()];
};
const statuses = (answers: unknown[]) => answers.map((answer) => (answer as Json).status);

describe('a merge beside', () => {
  it('CUS-6: another of the same customer: one is refused', async () => {
    const [a, b, c] = await three();
    const answers = await overlapping(
      world,
      () => desk.merge(a.id, b.id),
      () => desk.merge(a.id, c.id),
    );
    expect(statuses(answers)).toEqual([200, 409]);
    expect((await desk.get(`/customers/${a.code}`)).id).toBe(b.id);
  });

  it('CUS-6: one the other way round: one is refused, no two disappear', async () => {
    const [a, b] = await three();
    const answers = await overlapping(
      world,
      () => desk.merge(a.id, b.id),
      () => desk.merge(b.id, a.id),
    );
    expect(statuses(answers)).toEqual([200, 409]);
    for (const { id } of [a, b]) expect((await desk.get(`/customers/${id}`)).id).toBe(b.id);
  });

  it('CUS-6: one of its survivor: what the first brings goes on with the second', async () => {
    const [a, b, c] = await three();
    const { id } = await desk.addContact(a.id, { name: 'Maria' });
    const answers = await overlapping(
      world,
      () => desk.merge(a.id, b.id),
      () => desk.merge(b.id, c.id),
    );
    expect(statuses(answers)).toEqual([200, 200]);
    expect((await desk.contactsOf(a.id)).map((contact) => contact.id)).toEqual([id]);
    expect((await desk.get(`/customers/${a.code}`)).id).toBe(c.id);
  });

  it('CUS-6: its own undo twice: one is refused', async () => {
    const [a, b] = await three();
    const { mergeId } = await desk.merged(a.id, b.id);
    const answers = await overlapping(
      world,
      () => desk.undo(mergeId),
      () => desk.undo(mergeId),
    );
    expect(statuses(answers)).toEqual([200, 409]);
  });

  it('CUS-6: a contact that is just being added: it is moved too', async () => {
    const [a, b] = await three();
    const [added] = await overlapping(
      world,
      () => desk.addContact(a.id, { name: 'Maria' }),
      () => desk.merged(a.id, b.id),
    );
    expect((await desk.contactsOf(b.id)).map(({ id }) => id)).toEqual([(added as Json).id]);
  });

  it('ALL-2, CUS-6: an edit of the survivor with the version of before: it is refused', async () => {
    const [a, b] = await three();
    const edit = () => desk.as().patch(`${CUSTOMERS}/${b.id}`).set('If-Match', '"1"').send({ remarks: 'x' });
    const answers = await overlapping(world, () => desk.merge(a.id, b.id), edit);
    expect(statuses(answers)).toEqual([200, 412]);
  });

  it('CUS-6, FEED-3: orders that are just coming in: all are the survivor’s, and after an undo each is where its reference says', async () => {
    const [a, b] = await three();
    const k = ownKeys();
    const feed = (version: number) => () =>
      feedAs(
        world,
        'orders',
        [a, b].map(({ code }, n) => orderOf(k, { key: k(`O${n}`), version, customerRef: code })),
      );
    const [, merged] = await overlapping(world, feed(1), () => desk.merged(a.id, b.id));
    expect(await desk.ordersOf(b.id)).toEqual([k('O0'), k('O1')]);
    await overlapping(world, () => desk.undo((merged as Json).mergeId).expect(200), feed(2));
    expect(await desk.ordersOf(a.id)).toEqual([k('O0')]);
    expect(await desk.ordersOf(b.id)).toEqual([k('O1')]);
  });

  it('CUS-6, FEED-3: an order that came by a reference just given up: it is the survivor’s', async () => {
    const [other, into] = await three();
    const k = ownKeys();
    const merged = await desk.create({ name: k('Race'), externalRef: k('REF') });
    const holder = await transaction(world);
    try {
      // The orders have found their customers, and wait to note their last order at the first of them.
      await holder.query('SELECT FROM customer WHERE id = $1 FOR NO KEY UPDATE', [other.id]);
      const orders = [orderOf(k, { key: k('O0'), customerRef: other.code }), orderOf(k)];
      const fed = feedAs(world, 'orders', orders);
      await untilLocked(world.service, 1);
      await desk.as().patch(`${CUSTOMERS}/${merged.id}`).send({ externalRef: null }).expect(200);
      const merging = desk.merged(merged.id, into.id);
      await Promise.race([untilLocked(world.service, 2), fed]);
      await holder.query('COMMIT');
      await Promise.all([fed, merging]);
    } finally {
      await holder.end();
    }
    expect(await desk.ordersOf(into.id)).toEqual([k('O')]);
  });

  it('MKT-6, CUS-6: a win under its name: it is linked to the survivor', async () => {
    const [a, b] = await three();
    const won = wonBy(world.bob.id, a.name);
    await overlapping(
      world,
      () => desk.merged(a.id, b.id),
      () => world.service.deliver(won),
    );
    const linked = await world.service.query(
      `SELECT aggregate_id AS id FROM outbox WHERE type = 'crm.customer.customer.opportunity-linked.v1' AND data->>'opportunityId' = $1`,
      [won.aggregateId],
    );
    expect(linked).toEqual([{ id: b.id }]);
  });

  it('CUS-6: many at once end in one survivor, with everybody’s contacts', async () => {
    const customers = await Promise.all([1, 2, 3, 4, 5].map(() => desk.create({ name: ownKeys()('Many') })));
    await Promise.all(customers.map(({ id }) => desk.addContact(id, { name: 'Somebody', isPrimary: true })));
    const [last, ...others] = customers.toReversed();
    const answers = await Promise.all(
      others.flatMap(({ id }, n) => [desk.merge(id, last!.id), desk.merge(id, others[(n + 1) % others.length]!.id)]),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([200, 409]));
    // Whoever lost a race may go on.
    for (const { id } of others) await desk.merge(id, last!.id);
    const living = new Set(await Promise.all(customers.map(async ({ id }) => (await desk.get(`/customers/${id}`)).id)));
    const contacts = await Promise.all([...living].map((id) => desk.contactsOf(id as string)));
    expect(contacts.flat()).toHaveLength(5);
    for (const each of contacts) expect(each.filter(({ isPrimary }) => isPrimary)).toHaveLength(1);
  });
});

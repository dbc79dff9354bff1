import type { Actor, CustomerView } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { feedAs, type Json, orderOf, ownKeys, startWorld, type World } from './customer.fixture.js';
import { mergeDesk } from './merge.fixture.js';

let world: World;
let desk: ReturnType<typeof mergeDesk>;
let executive: Actor;
beforeAll(async () => {
  world = await startWorld();
  desk = mergeDesk(world);
  executive = await world.service.person('executive', 'executive');
});
afterAll(() => world?.service.stop());

const CUSTOMERS = '/api/v1/customers';
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined, freq: 1 });
const Text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((value) => /[\p{L}\p{N}]/u.test(value));
const Tags = fc.uniqueArray(fc.constantFrom('vip', 'old', 'new', '重点'), { maxLength: 4 });
const Contents = fc.record({
  customer: fc.record({
    name: Text,
    ref: fc.boolean(),
    phone: maybe(fc.constantFrom('+86 21-1', '555 0001', '555 0002')),
    region: maybe(fc.constantFrom('shanghai', 'germany')),
    satisfaction: maybe(fc.integer({ min: 1, max: 5 })),
    website: maybe(fc.constant('example.com')),
    bankAccount: maybe(Text),
    remarks: maybe(Text),
    tags: Tags,
  }),
  contacts: fc.array(
    fc.record({ name: Text, isPrimary: fc.boolean(), mobile: maybe(fc.constantFrom('139 1', '139 2')) }),
    {
      maxLength: 3,
    },
  ),
  activities: fc.array(fc.record({ summary: Text, nextFollowUpDate: maybe(fc.constant('2026-07-01')) }), {
    maxLength: 2,
  }),
  /** By number, or by the external reference, where there is one. */
  orders: fc.array(
    fc.record({ byRef: fc.boolean(), date: fc.constantFrom('2026-01-05', '2026-02-05'), paid: fc.boolean() }),
    {
      maxLength: 3,
    },
  ),
});
type Contents = typeof Contents extends fc.Arbitrary<infer T> ? T : never;

async function make({ customer: { ref, ...customer }, contacts, activities, orders }: Contents): Promise<CustomerView> {
  const externalRef = ref ? ownKeys()('REF') : undefined;
  const made = await desk.create({ ...customer, externalRef });
  for (const contact of contacts) await desk.addContact(made.id, contact);
  for (const activity of activities) await desk.recordActivity(made.id, activity);
  const items = orders.map(({ byRef, date, paid }) =>
    orderOf(ownKeys(), { date, status: paid ? 'paid' : 'cancelled', customerRef: (byRef && externalRef) || made.code }),
  );
  if (items.length > 0) await feedAs(world, 'orders', items);
  return made;
}

const withoutVersion = ({ version: _version, ...record }: Json) => record;
/** All that people see of a customer, but for how often it was changed. */
async function seen(id: string) {
  const customer = await desk.get(`/customers/${id}`);
  const { items } = await desk.get(`/customers?q=${customer.code}`);
  return {
    customer: withoutVersion(customer),
    contacts: (await desk.contactsOf(id)).map(withoutVersion),
    activities: (await desk.activitiesOf(id)).map(withoutVersion),
    orders: (await desk.get(`/customers/${id}/orders?limit=200`)).items,
    found: items.map((each: Json) => each.id),
    keys: await world.service.query('SELECT key FROM customer_key WHERE customer_id = $1 ORDER BY key', [id]),
  };
}

/** What happens, by whom, to which of four customers. */
const Step = fc.record({
  who: fc.constantFrom(
    'manager' as const,
    'manager' as const,
    'manager' as const,
    'alice' as const,
    'executive' as const,
  ),
  act: fc.constantFrom(
    'merge' as const,
    'merge' as const,
    'undo' as const,
    'undo' as const,
    'contact' as const,
    'activity' as const,
    'order' as const,
    'remove' as const,
  ),
  one: fc.nat(3),
  other: fc.nat(3),
});
type Step = typeof Step extends fc.Arbitrary<infer T> ? T : never;

interface Merge {
  readonly id: string;
  readonly merged: number;
  readonly into: number;
  readonly moved: readonly string[];
  undone: boolean;
}
/** What the rules say: who stands for whom, and who has which contact and activity; orders are whose their reference says. */
class Model {
  readonly into = new Map<number, number>();
  readonly merges: Merge[] = [];
  readonly holders = new Map<string, number>();
  readonly orders = new Map<string, number>();

  now(one: number): number {
    const next = this.into.get(one);
    return next === undefined ? one : this.now(next);
  }
  heldBy(one: number): string[] {
    return [...this.holders]
      .filter(([, holder]) => holder === one)
      .map(([id]) => id)
      .sort();
  }
  ordersOf(one: number): string[] {
    return [...this.orders]
      .filter(([, named]) => this.now(named) === one)
      .map(([key]) => key)
      .sort();
  }
}

describe('merges against a model', () => {
  it('CUS-6: a merge and its undo are as if nothing had been, whatever the two are like', async () => {
    await fc.assert(
      fc.asyncProperty(Contents, Contents, async (one, other) => {
        const [merged, into] = [await make(one), await make(other)];
        const before = [await seen(merged.id), await seen(into.id)];
        const { mergeId } = await desk.merged(merged.id, into.id);
        const both = await seen(into.id);
        expect(await seen(merged.id)).toMatchObject({
          customer: both.customer,
          contacts: both.contacts,
          orders: both.orders,
        });
        expect(both.contacts).toHaveLength(one.contacts.length + other.contacts.length);
        expect(both.activities).toHaveLength(one.activities.length + other.activities.length);
        expect(both.orders).toHaveLength(one.orders.length + other.orders.length);
        expect(both.contacts.filter(({ isPrimary }: Json) => isPrimary).length).toBe(
          [...one.contacts, ...other.contacts].some(({ isPrimary }) => isPrimary) ? 1 : 0,
        );
        await desk.undo(mergeId).expect(200);
        expect([await seen(merged.id), await seen(into.id)]).toEqual(before);
        for (const { id } of [merged, into]) await desk.as().delete(`${CUSTOMERS}/${id}`).expect(204);
      }),
      { numRuns: 15 },
    );
  }, 120_000);

  it('CUS-6: whatever anybody merges and undoes in whatever order, no contact, activity or order is lost, doubled or elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(Step, { maxLength: 20, size: 'max' }), async (steps) => {
        const customers: CustomerView[] = [];
        for (let n = 0; n < 4; n += 1) customers.push(await desk.create({ name: ownKeys()('Model') }));
        const model = new Model();
        for (const step of steps) await take(model, customers, step);
        for (const [index, { id, code }] of customers.entries()) {
          const now = model.now(index);
          for (const path of [id, code]) expect((await desk.get(`/customers/${path}`)).id).toBe(customers[now]!.id);
          const held = [...(await desk.contactsOf(id)), ...(await desk.activitiesOf(id))];
          expect(held.map((record) => record.id).sort()).toEqual(model.heldBy(now));
          expect(await desk.ordersOf(id)).toEqual(model.ordersOf(now));
        }
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});

/** The answer that the rules ask for, and what becomes of the model. */
async function take(model: Model, customers: readonly CustomerView[], { who, act, one, other }: Step): Promise<void> {
  const actor = who === 'executive' ? executive : world[who];
  const as = world.service.as(actor);
  const named = customers[one]!;
  const now = model.now(one);
  switch (act) {
    case 'merge': {
      const state = model.into.has(one) || model.into.has(other) ? 409 : 200;
      const expected = who !== 'manager' ? 403 : one === other ? 422 : state;
      const { status, body } = await as.post(`${CUSTOMERS}/${named.id}/merge`).send({ intoId: customers[other]!.id });
      expect({ act, one, other, status }).toEqual({ act, one, other, status: expected });
      if (status !== 200) return;
      const moved = model.heldBy(one);
      for (const id of moved) model.holders.set(id, other);
      model.into.set(one, other);
      model.merges.push({ id: body.mergeId, merged: one, into: other, moved, undone: false });
      return;
    }
    case 'undo': {
      const merge = model.merges[(one * 4 + other) % Math.max(model.merges.length, 1)];
      if (!merge) return;
      const expected = who !== 'manager' ? 403 : merge.undone || model.into.has(merge.into) ? 409 : 200;
      const { status } = await as.post(`${CUSTOMERS}/merges/${merge.id}/undo`);
      expect({ act, status }).toEqual({ act, status: expected });
      if (status !== 200) return;
      merge.undone = true;
      model.into.delete(merge.merged);
      for (const id of merge.moved) if (model.holders.get(id) === merge.into) model.holders.set(id, merge.merged);
      return;
    }
    case 'contact':
    case 'activity': {
      const [path, body] =
        act === 'contact'
          ? ['contacts', { name: 'Somebody' }]
          : ['activities', { date: '2026-03-01', kind: 'visit', summary: 'Talked' }];
      const answer = await as.post(`${CUSTOMERS}/${named.id}/${path}`).send(body);
      expect({ act, status: answer.status }).toEqual({ act, status: who === 'executive' ? 403 : 201 });
      if (answer.status === 201) model.holders.set(answer.body.id, now);
      return;
    }
    case 'remove': {
      const [contact] = await desk.contactsOf(named.id);
      if (!contact) return;
      const { status } = await as.delete(`${CUSTOMERS}/${named.code}/contacts/${contact.id}`);
      expect({ act, status }).toEqual({ act, status: who === 'executive' ? 403 : 204 });
      if (status === 204) model.holders.delete(contact.id);
      return;
    }
    case 'order':
      model.orders.set(await desk.feed(named.code), one);
  }
}

import {
  ContactAdded,
  ContactUpdated,
  CustomerCreated,
  CustomerMerged,
  CustomerMergeUndone,
  type DataOf,
  TicketMoved,
  type TicketView,
} from '#contracts';
import { mergeHistory } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { v7 } from 'uuid';
import { customerFacts, type Desk, deskOf, startWorld, TICKETS, type World } from './world.js';

let world: World;
let desk: Desk;
beforeAll(async () => {
  world = await startWorld();
  desk = deskOf(world);
});
afterAll(() => world?.service.stop());

type Facts = DataOf<typeof CustomerCreated>;
async function customers(count: number): Promise<Facts[]> {
  const all = Array.from({ length: count }, (_, n) => customerFacts(`Customer ${n} ${v7()}`));
  await world.service.deliver(...all.map((facts) => CustomerCreated.of(facts.customerId, facts)));
  return all;
}
const mergeOf = (one: Facts, other: Facts) => ({ ...one, intoId: other.customerId, mergeId: v7() });
const merged = (merge: ReturnType<typeof mergeOf>) => CustomerMerged.of(merge.customerId, merge);
const undone = (merge: ReturnType<typeof mergeOf>) => CustomerMergeUndone.of(merge.customerId, merge);
const shown = async (id: string): Promise<TicketView> =>
  (await desk.as('manager').get(`${TICKETS}/${id}`).expect(200)).body;
const listed = async (customerId: string): Promise<string[]> =>
  (await desk.as('manager').get(TICKETS).query({ customerId }).expect(200)).body.items.map(({ id }: TicketView) => id);

describe('tickets of a customer that is merged', () => {
  it('CUS-6, SVC-7: are the survivor’s, say so, and are found under both ids; after an undo each has its own', async () => {
    const [one, other] = (await customers(2)) as [Facts, Facts];
    const old = await desk.create({ customerId: one.customerId });
    const theirs = await desk.create({ customerId: other.customerId });
    const merge = mergeOf(one, other);
    await world.service.deliver(merged(merge));
    expect(await shown(old.id)).toEqual({ ...old, customerId: other.customerId, customerName: other.name });
    for (const id of [one.customerId, other.customerId, `${one.customerId},${v7()}`])
      expect(await listed(id)).toEqual([theirs.id, old.id]);
    const event = await world.service.events.published(TicketMoved.type, ({ subject }) => subject === old.id);
    expect(event.data).toMatchObject({ customerId: other.customerId, previousCustomerId: one.customerId });
    expect((await desk.timeline(old))[0]).toMatchObject({
      act: 'moved',
      details: { from: one.customerId, to: other.customerId },
    });

    // Who still has the old id gets a ticket of the survivor, which stays there.
    const late = await desk.create({ customerId: one.customerId });
    expect(late).toMatchObject({ customerId: other.customerId, customerName: other.name });
    await desk.assign(old);
    await world.service.deliver(undone(merge));
    expect(await shown(old.id)).toMatchObject({
      customerId: one.customerId,
      customerName: one.name,
      status: 'assigned',
    });
    expect(await listed(one.customerId)).toEqual([old.id]);
    expect(await listed(other.customerId)).toEqual([late.id, theirs.id]);
    expect(await desk.create({ customerId: one.customerId })).toMatchObject({ customerId: one.customerId });
  });

  it('CUS-6, SVC-1: take the contacts of both, whichever event comes first', async () => {
    const [one, other] = (await customers(2)) as [Facts, Facts];
    const contact = { contactId: v7(), customerId: one.customerId, name: 'Maria', position: null, isPrimary: true };
    await world.service.deliver(ContactAdded.of(contact.contactId, contact), merged(mergeOf(one, other)));
    const input = { customerId: other.customerId, contactId: contact.contactId };
    expect(await desk.create(input)).toMatchObject(input);
    await world.service.deliver(ContactUpdated.of(contact.contactId, { ...contact, customerId: other.customerId }));
    expect(await desk.create({ ...input, customerId: one.customerId })).toMatchObject(input);
  });

  it('CUS-6: one that was put right belongs to the customer that was chosen then', async () => {
    const [one, other, third] = (await customers(3)) as [Facts, Facts, Facts];
    const ticket = await desk.create({ customerId: one.customerId });
    const merge = mergeOf(one, other);
    await world.service.deliver(merged(merge));
    const change = (customerId: string) =>
      desk.as('alice').patch(`${TICKETS}/${ticket.id}`).send({ customerId }).expect(200);
    // Under its old id the survivor is meant, which it has already.
    expect((await change(one.customerId)).body).toMatchObject({ customerId: other.customerId, version: 1 });
    await change(third.customerId);
    await world.service.deliver(undone(merge));
    expect(await shown(ticket.id)).toMatchObject({ customerId: third.customerId });
  });

  it('CUS-6: one that is just being opened is not left behind', async () => {
    const [one, other] = (await customers(2)) as [Facts, Facts];
    const holder = new pg.Client({ connectionString: world.service.database.url });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE service.event_sequence IN SHARE MODE');
      const waiting = (count: number) =>
        world.service.eventually(async () => {
          const locked = await world.service.query(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          );
          return locked.length >= count;
        }, `act ${count} did not come to its lock`);
      const opening = desk.create({ customerId: one.customerId });
      await waiting(1);
      const merging = world.service.deliver(merged(mergeOf(one, other)));
      await waiting(2);
      await holder.query('COMMIT');
      const [ticket] = await Promise.all([opening, merging]);
      expect(await shown(ticket.id)).toMatchObject({ customerId: other.customerId });
    } finally {
      await holder.end();
    }
  });

  it('CUS-6, EVT-2: whatever is merged and undone, told twice or late, each is the survivor’s at the end, and a merge with its undo is nothing', async () => {
    const Step = fc.record({ undo: fc.boolean(), one: fc.nat(3), other: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(Step, { maxLength: 12, size: 'max' }),
        fc.array(fc.nat(), { maxLength: 20 }),
        async (steps, disorder) => {
          const all = await customers(4);
          const tickets = [];
          for (const { customerId } of all) tickets.push(await desk.create({ customerId }));
          const moments = mergeHistory(all, steps);
          const envelopes = moments.map(({ event }) => world.service.events.envelope(event));
          const sent = [...envelopes];
          // Each number sends one once more, or later.
          disorder.forEach((number, index) => {
            if (sent.length === 0) return;
            const at = number % sent.length;
            if (index % 2 === 0) sent.push(sent[at]!);
            else sent.push(...sent.splice(at, 1));
          });
          await world.service.events.send(...sent);
          await world.service.applied(...envelopes);
          const stands = moments.at(-1)?.stands ?? [0, 1, 2, 3];
          for (const [one, ticket] of tickets.entries())
            expect(await shown(ticket.id)).toMatchObject({ customerId: all[stands[one]!]!.customerId });
        },
      ),
      { numRuns: 12 },
    );
    expect(await world.service.query(`SELECT 1 FROM dead_letter WHERE status = 'dead'`)).toEqual([]);
  });
});

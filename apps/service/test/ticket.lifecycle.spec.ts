import { TicketArchived, TicketAssigned, TicketHandled, TicketReturned, TicketWithdrawn } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { type Desk, deskOf, type Person, problem, startWorld, TICKETS, type World } from './world.js';

let world: World;
let desk: Desk;
beforeAll(async () => {
  world = await startWorld();
  desk = deskOf(world);
});
afterAll(() => world?.service.stop());

describe('from assignment to archive', () => {
  it('SVC-2, SVC-4, SVC-7: a ticket that needs a second round, with everything on its timeline', async () => {
    const ticket = await desk.create();
    const { alice, manager } = world.people;
    await desk.as('alice').patch(`${TICKETS}/${ticket.id}`).send({ priority: 'urgent', contactId: world.contactId });
    expect(await desk.assign(ticket)).toMatchObject({ status: 'assigned', assigneeId: alice.id, version: 3 });
    expect(await desk.done('alice', ticket, 'handle', { handling: 'Asked the carrier' })).toMatchObject({
      status: 'handled',
      handling: 'Asked the carrier',
      handledBy: alice.id,
    });
    expect(await desk.done('alice', ticket, 'feedback', { result: 'Still nothing', satisfaction: 2 })).toMatchObject({
      status: 'assigned',
      assigneeId: alice.id,
      round: 2,
      archivedAt: null,
    });
    await desk.done('alice', ticket, 'handle', { handling: 'Sent it again' });
    const archived = await desk.done('alice', ticket, 'feedback', { result: 'Arrived', satisfaction: 3 });
    expect(archived).toMatchObject({
      status: 'archived',
      handling: 'Sent it again',
      result: 'Arrived',
      satisfaction: 3,
    });
    expect(archived.archivedAt).not.toBeNull();

    expect(await desk.timeline(ticket)).toMatchObject([
      {
        act: 'archived',
        actorId: alice.id,
        details: { round: 2, handling: 'Sent it again', result: 'Arrived', satisfaction: 3 },
      },
      { act: 'handled', details: { round: 2, handling: 'Sent it again' } },
      {
        act: 'returned',
        details: {
          round: 1,
          handling: 'Asked the carrier',
          handledBy: alice.id,
          result: 'Still nothing',
          satisfaction: 2,
        },
      },
      { act: 'handled', details: { round: 1, handling: 'Asked the carrier' } },
      { act: 'assigned', actorId: manager.id, details: { assigneeId: alice.id } },
      {
        act: 'edited',
        actorId: alice.id,
        details: { priority: { from: 'normal', to: 'urgent' }, contactId: { from: null, to: world.contactId } },
      },
      { act: 'created', actorId: alice.id, details: { summary: 'Late delivery' } },
    ]);
    for (const [definition, sequence] of [
      [TicketAssigned, 3],
      [TicketHandled, 4],
      [TicketReturned, 5],
      [TicketArchived, 7],
    ] as const)
      expect(await desk.published(definition, ticket.id)).toMatchObject({ sequence });
    // The reports read from it what was solved at the first attempt.
    expect(await desk.published(TicketReturned, ticket.id)).toMatchObject({ data: { round: 1 } });
    expect(await desk.published(TicketArchived, ticket.id)).toMatchObject({ data: { round: 2, satisfaction: 3 } });
  });

  it('SVC-7: what happened to a withdrawn ticket is kept', async () => {
    const ticket = await desk.create();
    await desk.as('alice').delete(`${TICKETS}/${ticket.id}`).expect(204);
    const kept = await world.service.query(
      `SELECT act, actor_id FROM ticket_history WHERE ticket_id = $1 ORDER BY id`,
      [ticket.id],
    );
    expect(kept).toEqual(['created', 'withdrawn'].map((act) => ({ act, actor_id: world.people.alice.id })));
    expect(await desk.published(TicketWithdrawn, ticket.id)).toMatchObject({
      sequence: 2,
      data: { ticketId: ticket.id, code: ticket.code, customerId: ticket.customerId },
    });
  });

  it('SVC-7: the timeline is read in pages, newest first or oldest first', async () => {
    const ticket = await desk.assign(await desk.create());
    await desk.done('alice', ticket, 'handle', { handling: 'x' });
    await desk.done('alice', ticket, 'feedback', { result: 'x', satisfaction: 1 });
    await desk.done('alice', ticket, 'handle', { handling: 'y' });
    const acts = ['created', 'assigned', 'handled', 'returned', 'handled'];
    const path = `${TICKETS}/${ticket.id}/timeline`;
    for (const [sort, expected] of [
      ['at', acts],
      ['-at', acts.toReversed()],
    ] as const) {
      const seen: Record<string, unknown>[][] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const more: string = cursor && `&cursor=${cursor}`;
        const { body } = await desk.as('alice').get(`${path}?limit=2&count=true&sort=${sort}${more}`).expect(200);
        expect(body.total).toBe(5);
        seen.push(body.items);
        cursor = body.nextCursor as string | null;
      }
      expect(seen.map(({ length }) => length)).toEqual([2, 2, 1]);
      expect(seen.flat().map(({ act }) => act)).toEqual(expected);
      expect(Object.keys(seen[0]![0]!).sort()).toEqual(['act', 'actorId', 'at', 'details']);
    }
    for (const query of ['act=created', 'sort=act', 'limit=201', 'cursor=x'])
      await desk.as('alice').get(`${path}?${query}`).expect(400);
  });

  it.each([
    ['a sales manager', 'manager'],
    ['a disabled person', 'gone'],
    ['an executive', 'executive'],
  ] as const)('SVC-3: refuses to assign to %s', async (_what, person) => {
    const ticket = await desk.create();
    const answer = await desk.act('manager', ticket, 'assign', { assigneeId: world.people[person].id });
    expect(answer).toMatchObject(problem('person-not-eligible', 422, { errors: [{ path: 'assigneeId' }] }));
    expect(await desk.act('manager', ticket, 'assign', { assigneeId: v7() })).toMatchObject({ status: 422 });
    expect(await desk.timeline(ticket)).toHaveLength(1);
  });

  it('SVC-2: an assigned ticket is not assigned again', async () => {
    const ticket = await desk.assign(await desk.create());
    expect(await desk.act('manager', ticket, 'assign', { assigneeId: world.people.bob.id })).toMatchObject(
      problem('illegal-transition', 409, { state: 'assigned', move: 'assign', allowed: ['handle'] }),
    );
  });

  it('SVC-3: only the assignee handles, with a text; the state comes before ownership', async () => {
    const ticket = await desk.create();
    expect(await desk.act('bob', ticket, 'handle', { handling: 'x' })).toMatchObject(
      problem('illegal-transition', 409),
    );
    await desk.assign(ticket);
    expect(await desk.act('bob', ticket, 'handle', { handling: 'x' })).toMatchObject(problem('not-owner', 403));
    expect(await desk.act('alice', ticket, 'handle', { handling: ' ' })).toMatchObject(
      problem('validation-failed', 400),
    );
    expect(await desk.act('alice', ticket, 'handle', {})).toMatchObject({ status: 400 });
    await desk.done('alice', ticket, 'handle', { handling: 'x' });
    expect(await desk.act('bob', ticket, 'feedback', { result: 'x', satisfaction: 5 })).toMatchObject(
      problem('not-owner', 403),
    );
    for (const satisfaction of [0, 6, 3.5, undefined])
      expect(await desk.act('alice', ticket, 'feedback', { result: 'x', satisfaction })).toMatchObject({ status: 400 });
    expect((await desk.as('bob').get(`${TICKETS}/${ticket.id}`)).body).toMatchObject({
      status: 'handled',
      satisfaction: null,
    });
  });

  it('ALL-2: an act on what somebody else changed meanwhile is refused, and the ticket stays as it is', async () => {
    const ticket = await desk.assign(await desk.create());
    const send = (version: number) =>
      desk.as('alice').post(`${TICKETS}/${ticket.id}/handle`).set('if-match', `"${version}"`).send({ handling: 'x' });
    expect(await send(1)).toMatchObject(problem('stale-version', 412, { current: '2' }));
    expect((await desk.as('alice').get(`${TICKETS}/${ticket.id}`)).body).toEqual(ticket);
    expect(await send(2)).toMatchObject({ status: 200, headers: { etag: '"3"' } });
  });

  it('SVC-2: two people who act at once cannot both move it', async () => {
    const ticket = await desk.create();
    const answers = await Promise.all(
      ['alice', 'bob', 'alice', 'bob'].map((person) =>
        desk.act('manager', ticket, 'assign', { assigneeId: world.people[person as Person].id }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect(await desk.timeline(ticket)).toHaveLength(2);
  });
});

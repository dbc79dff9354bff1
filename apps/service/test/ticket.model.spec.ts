import type { Actor, TicketStatus } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Person, startWorld, TICKETS, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

/** Mostly who may do it at that point, or hardly any run would come to its end. */
const By = fc.oneof(
  { weight: 3, arbitrary: fc.constant('entitled' as const) },
  { weight: 2, arbitrary: fc.constantFrom<Person>('alice', 'bob', 'manager', 'admin', 'executive') },
);
const Act = fc.oneof(
  { weight: 1, arbitrary: fc.record({ name: fc.constant('withdraw' as const), by: By }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('update' as const), by: By }) },
  { weight: 4, arbitrary: fc.record({ name: fc.constant('handle' as const), by: By }) },
  {
    weight: 4,
    arbitrary: fc.record({
      name: fc.constant('assign' as const),
      by: By,
      to: fc.constantFrom<Person>('alice', 'bob', 'alice', 'bob', 'manager', 'gone'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      name: fc.constant('feedback' as const),
      by: By,
      satisfaction: fc.integer({ min: 1, max: 5 }),
    }),
  },
);
type Drawn = typeof Act extends fc.Arbitrary<infer T> ? T : never;
type Act = Drawn & { by: Person };

interface Model {
  status: TicketStatus | 'withdrawn';
  readonly creator: Person;
  assignee?: Person;
  version: number;
  readonly acts: string[];
}

const RIGHT = {
  update: 'ticket.create',
  withdraw: 'ticket.create',
  assign: 'ticket.assign',
  handle: 'ticket.handle',
  feedback: 'ticket.feedback',
} as const;
const FROM: Record<Act['name'], TicketStatus> = {
  update: 'created',
  withdraw: 'created',
  assign: 'created',
  handle: 'assigned',
  feedback: 'handled',
};

/** Whose turn `entitled` stands for. */
function actBy(model: Model, act: Drawn): Act {
  if (act.by !== 'entitled') return act as Act;
  const by = {
    update: model.creator,
    withdraw: model.creator,
    assign: 'manager',
    handle: model.assignee,
    feedback: model.assignee,
  } as const;
  return { ...act, by: by[act.name] ?? 'alice' };
}

/** What the API must answer: right, existence, rules of the domain, state, ownership, in this order. */
function answerTo(model: Model, act: Act): number {
  const actor: Actor = world.people[act.by];
  if (!actor.rights[RIGHT[act.name]]) return 403;
  if (model.status === 'withdrawn') return 404;
  if (act.name === 'assign' && act.to !== 'alice' && act.to !== 'bob') return 422;
  if (model.status !== FROM[act.name]) return 409;
  const owner =
    act.name === 'assign' ? act.by : act.name === 'update' || act.name === 'withdraw' ? model.creator : model.assignee;
  if (owner !== act.by && act.by !== 'admin') return 403;
  return act.name === 'withdraw' ? 204 : 200;
}

function apply(model: Model, act: Act): void {
  const past = { update: 'edited', withdraw: 'withdrawn', assign: 'assigned', handle: 'handled' };
  model.version += 1;
  if (act.name === 'feedback') {
    model.status = act.satisfaction >= 3 ? 'archived' : 'assigned';
    model.acts.unshift(act.satisfaction >= 3 ? 'archived' : 'returned');
    return;
  }
  if (act.name !== 'update')
    model.status = ({ withdraw: 'withdrawn', assign: 'assigned', handle: 'handled' } as const)[act.name];
  if (act.name === 'assign') model.assignee = act.to;
  model.acts.unshift(past[act.name]);
}

let edits = 0;
function send(id: string, act: Act) {
  const client = world.service.as(world.people[act.by]);
  switch (act.name) {
    case 'update':
      return client.patch(`${TICKETS}/${id}`).send({ summary: `Edit ${(edits += 1)}` });
    case 'withdraw':
      return client.delete(`${TICKETS}/${id}`);
    case 'assign':
      return client.post(`${TICKETS}/${id}/assign`).send({ assigneeId: world.people[act.to].id });
    case 'handle':
      return client.post(`${TICKETS}/${id}/handle`).send({ handling: 'Done' });
    case 'feedback':
      return client.post(`${TICKETS}/${id}/feedback`).send({ result: 'Asked', satisfaction: act.satisfaction });
  }
}

describe('the ticket machine', () => {
  it('SVC-2…5, SVC-7: whatever anybody tries in whatever order, only the legal moves of the right people happen', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Person>('alice', 'bob', 'manager'),
        fc.array(Act, { maxLength: 25, size: 'max' }),
        async (creator, acts) => {
          const input = { type: 'complaint', summary: 'S', request: 'R', customerId: world.customer.customerId };
          const { body: ticket } = await world.service.as(world.people[creator]).post(TICKETS).send(input);
          const model: Model = { status: 'created', creator, version: 1, acts: ['created'] };
          for (const drawn of acts) {
            const act = actBy(model, drawn);
            const status = answerTo(model, act);
            const answer = await send(ticket.id, act);
            expect({ act, status: answer.status }).toEqual({ act, status });
            if (status < 300) apply(model, act);
          }
          const seen = await world.service.as(world.people.manager).get(`${TICKETS}/${ticket.id}`);
          const assigneeId = model.assignee ? world.people[model.assignee].id : null;
          const { status, version } = model;
          expect(seen).toMatchObject(
            status === 'withdrawn' ? { status: 404 } : { status: 200, body: { status, version, assigneeId } },
          );
          const history = await world.service.query<{ act: string }>(
            'SELECT act FROM ticket_history WHERE ticket_id = $1 ORDER BY id DESC',
            [ticket.id],
          );
          expect(history.map(({ act }) => act)).toEqual(model.acts);
          const sequences = await world.service.query<{ sequence: string }>(
            'SELECT sequence FROM outbox WHERE aggregate_id = $1 ORDER BY id',
            [ticket.id],
          );
          expect(sequences.map(({ sequence }) => Number(sequence))).toEqual(model.acts.map((_act, index) => index + 1));
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);
});

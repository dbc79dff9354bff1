import type { Actor, TicketStatus } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v7 } from 'uuid';
import { startWorld, TICKETS, type World } from './world.js';

const PEOPLE = ['alice', 'bob', 'manager', 'admin', 'sysadmin', 'executive', 'apprentice'] as const;
type Person = (typeof PEOPLE)[number];
const ACTS = ['read', 'update', 'withdraw', 'assign', 'handle', 'feedback'] as const;
const RIGHT = {
  read: 'ticket.read',
  update: 'ticket.create',
  withdraw: 'ticket.create',
  assign: 'ticket.assign',
  handle: 'ticket.handle',
  feedback: 'ticket.feedback',
} as const;
/** Written down once more on purpose: from which state each act leads where (SVC-2). */
const TABLE: Record<string, readonly [TicketStatus, TicketStatus | 'withdrawn']> = {
  edited: ['created', 'created'],
  withdrawn: ['created', 'withdrawn'],
  assigned: ['created', 'assigned'],
  handled: ['assigned', 'handled'],
  returned: ['handled', 'assigned'],
  archived: ['handled', 'archived'],
};

interface Step {
  /** `entitled`: whoever may do it at that point, or hardly any run would come to its end. */
  by: Person | 'entitled';
  act: (typeof ACTS)[number];
  to: 'alice' | 'bob' | 'gone' | 'manager';
  satisfaction: number;
  text: string;
}
type Act = Step & { by: Person };
/** What the rules say a ticket is. */
interface Model {
  id: string;
  status: TicketStatus | 'withdrawn';
  creator: Person;
  assignee?: Person;
  round: number;
  acts: string[];
}

const steps = (by: readonly Step['by'][], acts: readonly Step['act'][], text: readonly string[]) =>
  fc.record<Step>({
    by: fc.constantFrom(...by),
    act: fc.constantFrom(...acts),
    to: fc.constantFrom('alice' as const, 'bob' as const, 'alice' as const, 'gone' as const, 'manager' as const),
    satisfaction: fc.constantFrom(1, 2, 3, 4, 5, 1, 2, 0, 6),
    text: fc.constantFrom(...text),
  });
const step = fc.oneof(
  { weight: 4, arbitrary: steps(PEOPLE, ACTS, ['done', ' ']) },
  { weight: 5, arbitrary: steps(['entitled'], ['assign', 'handle', 'handle', 'feedback', 'feedback'], ['done']) },
);

describe('tickets against a model', () => {
  let world: World;
  let people: Record<Person | 'gone', Actor>;
  let count = 0;
  beforeAll(async () => {
    world = await startWorld();
    // A role that somebody made: sees and handles their own only.
    const rights = { 'ticket.read': 'own', 'ticket.create': 'all', 'ticket.handle': 'own' } as const;
    people = { ...world.people, apprentice: { id: v7(), name: 'apprentice', kind: 'user', rights } };
  });
  afterAll(() => world?.service.stop());

  const begin = async (creator: Person): Promise<Model> => {
    const input = { type: 'complaint', summary: 'S', request: 'R', customerId: world.customer.customerId };
    const { body } = await world.service.as(people[creator]).post(TICKETS).send(input).expect(201);
    return { id: body.id as string, status: 'created', creator, round: 1, acts: ['created'] };
  };

  const actBy = (model: Model, step: Step): Act => {
    if (step.by !== 'entitled') return step as Act;
    const whose = { assign: 'manager', handle: model.assignee, feedback: model.assignee } as const;
    return { ...step, by: whose[step.act as keyof typeof whose] ?? 'alice' };
  };

  /** The status that the rules ask for: right, record, body, rule of the domain, state, ownership, in this order. */
  function expected(model: Model, { by, act, to, satisfaction, text }: Act): number {
    const { rights } = people[by];
    if (!rights[RIGHT[act]]) return 403;
    const theirs = model.creator === by || model.assignee === by;
    if (model.status === 'withdrawn' || (rights['ticket.read'] === 'own' && !theirs)) return 404;
    if (act === 'read') return 200;
    if (
      act === 'update' || act === 'handle' ? text === ' ' : act === 'feedback' && (satisfaction < 1 || satisfaction > 5)
    )
      return 400;
    if (act === 'assign' && to !== 'alice' && to !== 'bob') return 422;
    if (model.status !== TABLE[past(act, satisfaction)]![0]) return 409;
    const all = act === 'assign' || rights[act === 'feedback' ? 'ticket.feedback' : 'ticket.handle'] === 'all';
    const owner = act === 'handle' || act === 'feedback' ? model.assignee : model.creator;
    if (!all && owner !== by) return 403;
    return act === 'withdraw' ? 204 : 200;
  }

  /** What the act makes of the model, once it was accepted. */
  function apply(model: Model, { act, to, satisfaction }: Act): void {
    if (act === 'read') return;
    const happened = past(act, satisfaction);
    model.status = TABLE[happened]![1];
    if (act === 'assign') model.assignee = to as Person;
    if (happened === 'returned') model.round += 1;
    model.acts.push(happened);
  }

  const send = (id: string, { by, act, to, satisfaction, text }: Act) => {
    const client = world.service.as(people[by]);
    const path = `${TICKETS}/${id}`;
    count += 1;
    switch (act) {
      case 'read':
        return client.get(path);
      case 'update':
        return client.patch(path).send({ summary: text.trim() && `Edit ${count}` });
      case 'withdraw':
        return client.delete(path);
      case 'assign':
        return client.post(`${path}/assign`).send({ assigneeId: people[to].id });
      case 'handle':
        return client.post(`${path}/handle`).send({ handling: text });
      case 'feedback':
        return client.post(`${path}/feedback`).send({ result: 'Asked', satisfaction });
    }
  };
  const historyOf = async (id: string): Promise<string[]> =>
    (await world.service.query('SELECT act FROM ticket_history WHERE ticket_id = $1 ORDER BY id', [id])).map(
      ({ act }) => String(act),
    );
  const eventsOf = async (id: string): Promise<number[]> =>
    (await world.service.query('SELECT sequence FROM outbox WHERE aggregate_id = $1 ORDER BY id', [id])).map(
      ({ sequence }) => Number(sequence),
    );

  it('SVC-2, SVC-3, SVC-4, SVC-5, SVC-7: answers every act of every person as the rules say, and keeps what happened', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Person>('alice', 'bob', 'manager', 'apprentice'),
        fc.array(step, { minLength: 5, maxLength: 30, size: 'max' }),
        async (creator, steps) => {
          const model = await begin(creator);
          for (const drawn of steps) {
            const act = actBy(model, drawn);
            const state = model.status;
            const status = expected(model, act);
            const answer = await send(model.id, act);
            expect({ act, state, status: answer.status }).toEqual({ act, state, status });
            if (status < 300) apply(model, act);
            if (status === 200)
              expect(answer.body).toMatchObject({
                status: model.status,
                round: model.round,
                version: model.acts.length,
              });
          }
          const seen = await world.service.as(people.manager).get(`${TICKETS}/${model.id}`);
          const { status, round, acts, assignee } = model;
          const assigneeId = assignee ? people[assignee].id : null;
          expect(seen).toMatchObject(
            status === 'withdrawn'
              ? { status: 404 }
              : { status: 200, body: { status, round, version: acts.length, assigneeId } },
          );
          expect(await historyOf(model.id)).toEqual(acts);
          expect(await eventsOf(model.id)).toEqual(acts.map((_, index) => index + 1));
          const found = await world.service.query('SELECT FROM ticket_terms WHERE ticket_id = $1', [model.id]);
          expect(found).toHaveLength(status === 'archived' ? 1 : 0);
        },
      ),
      { numRuns: 30 },
    );
  }, 60_000);

  it('SVC-2, ALL-2: acts of several people at the same moment come out as if one came after the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('created', 'assigned', 'handled'),
        fc.array(step, { minLength: 4, maxLength: 12, size: 'max' }),
        async (state, steps) => {
          const model = await begin('alice');
          for (const act of ['assign', 'handle'] as const) {
            if (TABLE[past(act, 0)]![0] === state) break;
            const entitled = actBy(model, { by: 'entitled', act, to: 'alice', satisfaction: 0, text: 'done' });
            await send(model.id, entitled).expect(200);
            apply(model, entitled);
          }
          const acts = steps.map((each) => actBy({ ...model, assignee: model.assignee ?? 'alice' }, each));
          const answers = await Promise.all(acts.map((act) => send(model.id, act)));
          for (const { status } of answers) expect([200, 204, 400, 403, 404, 409, 422]).toContain(status);

          const history = await historyOf(model.id);
          let now: string = 'created';
          for (const act of history.slice(1)) {
            expect({ act, from: TABLE[act]![0] }).toEqual({ act, from: now });
            now = TABLE[act]![1];
          }
          const done = answers.filter(({ status }, index) => status < 300 && acts[index]!.act !== 'read');
          expect(history).toHaveLength(model.acts.length + done.length);
          expect(await eventsOf(model.id)).toEqual(history.map((_, index) => index + 1));
          const seen = await world.service.as(people.manager).get(`${TICKETS}/${model.id}`);
          expect(seen).toMatchObject(
            now === 'withdrawn' ? { status: 404 } : { status: 200, body: { status: now, version: history.length } },
          );
        },
      ),
      { numRuns: 30 },
    );
  }, 60_000);
});

/** The act as the timeline names it. */
function past(act: Step['act'], satisfaction: number): string {
  if (act === 'feedback') return satisfaction >= 3 ? 'archived' : 'returned';
  return { read: '', update: 'edited', withdraw: 'withdrawn', assign: 'assigned', handle: 'handled' }[act];
}

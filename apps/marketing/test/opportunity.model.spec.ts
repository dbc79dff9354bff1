import type { Actor, OpportunityStatus } from '#contracts';
import fc from 'fast-check';
import { type Marketing, startMarketing } from './marketing.fixture.js';

const PATH = '/api/v1/opportunities';
const PEOPLE = ['manager', 'mia', 'alice', 'bob', 'executive', 'mentor'] as const;
const ACTS = [
  'read',
  'develop-field',
  'other-field',
  'delete',
  'assign',
  'plan',
  'change',
  'remove',
  'execute',
  'win',
  'lose',
] as const;
const RIGHT = {
  read: 'opportunity.read',
  'develop-field': 'opportunity.update',
  'other-field': 'opportunity.update',
  delete: 'opportunity.delete',
  assign: 'opportunity.assign',
} as const;
/** Written down once more on purpose: what MKT-2 allows to be seen from one moment to the next. */
const SEQUELS: Record<OpportunityStatus, readonly OpportunityStatus[]> = {
  unassigned: ['unassigned', 'assigned'],
  assigned: ['assigned', 'won', 'lost'],
  won: ['won'],
  lost: ['lost'],
};

interface Step {
  who: (typeof PEOPLE)[number];
  act: (typeof ACTS)[number];
  to: 'alice' | 'bob' | 'gone' | 'manager';
  item: number;
  /** Whether the person names the version that they have read, and whether somebody saved after that. */
  ifMatch: 'none' | 'fresh' | 'stale';
}
/** What the rules say an opportunity is. */
interface Model {
  id: string;
  status: OpportunityStatus;
  creator: string;
  assignee: string | null;
  plan: { id: string; done: boolean }[];
  deleted: boolean;
  /** Each of them is one event and one entry of the timeline. */
  changes: number;
}

const acts = (who: readonly Step['who'][], act: readonly Step['act'][]): fc.Arbitrary<Step> =>
  fc.record({
    who: fc.constantFrom(...who),
    act: fc.constantFrom(...act),
    to: fc.constantFrom('alice' as const, 'alice' as const, 'bob' as const, 'gone' as const, 'manager' as const),
    item: fc.nat(2),
    ifMatch: fc.constantFrom('none', 'none', 'none', 'fresh', 'fresh', 'stale'),
  });
/** Half of it is anything by anybody; the other half brings an opportunity on its way. */
const step = fc.oneof(
  { weight: 5, arbitrary: acts(PEOPLE, ACTS) },
  { weight: 1, arbitrary: acts(['manager', 'mia'], ['assign']) },
  { weight: 4, arbitrary: acts(['alice', 'alice', 'bob', 'mentor'], ['plan', 'execute', 'execute', 'win']) },
);

/** Acts on one step of the plan. */
const ON_ITEM: readonly Step['act'][] = ['change', 'remove', 'execute'];

/** The status that the rules ask for: right, record, version, body, state, ownership, in this order. */
function expected(
  model: Model,
  { act, to, item, ifMatch }: Step,
  actor: Actor,
  ids: Record<Step['to'], string>,
): number {
  const right = act in RIGHT ? RIGHT[act as keyof typeof RIGHT] : 'opportunity.develop';
  const scope = actor.rights[right];
  if (!scope) return 403;
  const owner = model.assignee ?? model.creator;
  const theirs = [model.creator, model.assignee].includes(actor.id);
  if (model.deleted || (actor.rights['opportunity.read'] === 'own' && !theirs)) return 404;
  if (act === 'read') return 200;
  const step = ON_ITEM.includes(act) ? model.plan[item] : undefined;
  if (ON_ITEM.includes(act) && !step) return 404;
  if (ifMatch === 'stale') return 412;
  if (act === 'assign' && ids[to] !== ids.alice && ids[to] !== ids.bob) return 422;
  const { status } = model;
  const open =
    act === 'delete' || act === 'other-field'
      ? status === 'unassigned'
      : act === 'assign' || act === 'develop-field'
        ? status === 'unassigned' || status === 'assigned'
        : status === 'assigned';
  if (!open) return 409;
  if (act === 'win' && (model.plan.length === 0 || model.plan.some(({ done }) => !done))) return 409;
  if (scope === 'own' && owner !== actor.id) return 403;
  if (step?.done) return 409;
  if (act === 'delete' || act === 'remove') return 204;
  return act === 'plan' ? 201 : 200;
}

/** What the act makes of the model, once it was accepted. */
function apply(model: Model, { act, item, to }: Step, ids: Record<Step['to'], string>, made: string | undefined): void {
  if (act !== 'read' && !(act === 'assign' && model.assignee === ids[to])) model.changes += 1;
  if (act === 'delete') model.deleted = true;
  if (act === 'assign') Object.assign(model, { status: 'assigned', assignee: ids[to] });
  if (act === 'plan') model.plan.push({ id: made!, done: false });
  if (act === 'remove') model.plan.splice(item, 1);
  if (act === 'execute') model.plan[item]!.done = true;
  if (act === 'win') model.status = 'won';
  if (act === 'lose') model.status = 'lost';
}

describe('Opportunities against a model', () => {
  let marketing: Marketing;
  let ids: Record<Step['to'], string>;
  let count = 0;
  beforeAll(async () => {
    marketing = await startMarketing();
    const { alice, bob, gone, manager } = marketing.people;
    ids = { alice: alice.id, bob: bob.id, gone: gone.id, manager: manager.id };
  });
  afterAll(() => marketing?.service.stop());

  const begin = async (creator: 'alice' | 'bob' | 'manager'): Promise<Model> => {
    const { id } = await marketing.create(marketing.people[creator]);
    return { id, status: 'unassigned', creator: ids[creator], assignee: null, plan: [], deleted: false, changes: 1 };
  };
  interface Picture {
    version: number | null;
    steps: { id: string; version: number; result: string | null }[];
    acts: number;
    events: number;
  }
  /** All that is stored of an opportunity. */
  const picture = async ({ id }: Model): Promise<Picture> => {
    const [row] = await marketing.service.query<{ picture: Picture }>(
      `SELECT jsonb_build_object(
         'steps', (SELECT coalesce(jsonb_agg(p ORDER BY p.id), '[]') FROM plan_item p WHERE opportunity_id = $1::uuid),
         'acts', (SELECT count(*) FROM opportunity_history WHERE opportunity_id = $1),
         'events', (SELECT count(*) FROM outbox WHERE aggregate = 'opportunity' AND aggregate_id = $1::text)
       ) || coalesce((SELECT to_jsonb(o) FROM opportunity o WHERE id = $1), '{}') AS picture`,
      [id],
    );
    return row!.picture;
  };
  const send = (model: Model, { who, act, to, item, ifMatch }: Step, now: Picture) => {
    const as = marketing.service.as(marketing.people[who]);
    const target = ON_ITEM.includes(act) ? now.steps.find(({ id }) => id === model.plan[item]?.id) : now;
    const version = (target?.version ?? 1) + (ifMatch === 'stale' ? 1 : 0);
    if (ifMatch !== 'none') as.set('If-Match', `"${version}"`);
    const path = `${PATH}/${model.id}`;
    const step = `${path}/plan-items/${model.plan[item]?.id ?? '01900000-0000-7000-8000-000000000000'}`;
    count += 1;
    switch (act) {
      case 'read':
        return as.get(path);
      case 'develop-field':
        return as.patch(path).send({ description: `description ${count}` });
      case 'other-field':
        return as.patch(path).send({ summary: `summary ${count}` });
      case 'delete':
        return as.delete(path);
      case 'assign':
        return as.post(`${path}/assign`).send({ assigneeId: ids[to] });
      case 'plan':
        return as.post(`${path}/plan-items`).send({ date: '2026-01-02', todo: 'call' });
      case 'change':
        return as.patch(step).send({ todo: `todo ${count}` });
      case 'remove':
        return as.delete(step);
      case 'execute':
        return as.post(`${step}/result`).send({ result: 'done' });
      case 'win':
        return as.post(`${path}/win`);
      case 'lose':
        return as.post(`${path}/lose`).send({ reason: 'no budget' });
    }
  };

  it('MKT-2, MKT-3, MKT-5, ALL-2: answers every act of every person as the rules say, and what it refuses leaves no trace', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('alice' as const, 'bob' as const, 'manager' as const),
        fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }),
        async (creator, steps) => {
          const model = await begin(creator);
          let now = await picture(model);
          for (const each of steps) {
            const [before, stored] = [model.status, now];
            const status = expected(model, each, marketing.people[each.who], ids);
            const answer = await send(model, each, stored);
            expect({ each, state: before, status: answer.status }).toEqual({ each, state: before, status });
            if (status < 300) apply(model, each, ids, answer.body?.id as string | undefined);
            now = await picture(model);
            if (status >= 400) expect(now).toEqual(stored);
            expect(now.events).toBe(model.changes);
            if (model.deleted) {
              expect(now).toEqual({ steps: [], acts: 0, events: model.changes });
              return;
            }
            expect(now).toMatchObject({ status: model.status, assignee_id: model.assignee, acts: model.changes });
            expect(SEQUELS[before]).toContain(model.status);
            expect(now.steps.map(({ id, result }) => ({ id, done: result !== null }))).toEqual(
              model.plan.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
            );
          }
        },
      ),
      { numRuns: 20 },
    );
  }, 60_000);

  it('MKT-2, ALL-2: acts of several people at the same moment come out as if one came after the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12, size: 'max' }), async (steps) => {
        const model = await begin('manager');
        await marketing.service
          .as(marketing.people.manager)
          .post(`${PATH}/${model.id}/assign`)
          .send({ assigneeId: ids.alice })
          .expect(200);
        const { body: item } = await marketing.service
          .as(marketing.people.alice)
          .post(`${PATH}/${model.id}/plan-items`)
          .send({ date: '2026-01-02', todo: 'call' });
        model.plan.push({ id: item.id as string, done: false });
        const now = await picture(model);
        const answers = await Promise.all(steps.map((each) => send(model, { ...each, item: 0 }, now)));
        for (const { status } of answers) expect([200, 201, 204, 403, 404, 409, 412, 422]).toContain(status);
        const { acts: kept, events } = await picture(model);
        expect(kept).toBe(events);
        const { body: end } = await marketing.service
          .as(marketing.people.manager)
          .get(`${PATH}/${model.id}`)
          .expect(200);
        const { body: timeline } = await marketing.service
          .as(marketing.people.manager)
          .get(`${PATH}/${model.id}/timeline`)
          .expect(200);
        const acts = (timeline.items as { act: string }[]).map(({ act }) => act);
        const closing = acts.filter((act) => act === 'won' || act === 'lost');
        expect(closing).toEqual(end.status === 'assigned' ? [] : [end.status]);
        expect(acts.slice(0, closing.length)).toEqual(closing);
        const { body: plan } = await marketing.service
          .as(marketing.people.manager)
          .get(`${PATH}/${model.id}/plan-items`)
          .expect(200);
        const open = (plan.items as { result: string | null }[]).filter(({ result }) => result === null);
        expect(end.status === 'won' ? open : []).toEqual([]);
      }),
      { numRuns: 20 },
    );
  }, 60_000);
});

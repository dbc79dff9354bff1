import { type Actor, OpportunityCreated } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dictionaryOf, storedDictionary } from '../../../libs/platform/src/testing/dictionary-events.js';
import { startWorld, wonBy, type World } from './customer.fixture.js';

const REGIONS = '/api/v1/dictionary/region';
const PEOPLE = ['sysadmin', 'admin', 'manager', 'alice', 'executive'] as const;
const CODES = [0, 1, 2] as const;
type Code = (typeof CODES)[number];

let world: World;
let people: Record<(typeof PEOPLE)[number], Actor>;
beforeAll(async () => {
  world = await startWorld();
  people = {
    sysadmin: await world.service.person('system_admin', 'sysadmin'),
    admin: await world.service.person('super_admin', 'admin'),
    manager: world.manager,
    alice: world.alice,
    executive: await world.service.person('executive', 'executive'),
  };
});
afterAll(() => world?.service.stop());

const code = fc.constantFrom(...CODES);
const parent = fc.option(code, { freq: 2 });
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ name: fc.constant('add' as const), code, parent }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('move' as const), code, parent }) },
  { weight: 3, arbitrary: fc.record({ name: fc.constantFrom('retire' as const, 'activate' as const), code }) },
  { weight: 4, arbitrary: fc.record({ name: fc.constant('remove' as const), code }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('choose' as const), code }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('tell' as const), code }) },
);
/** Mostly who may do it. */
const by = fc.constantFrom<(typeof PEOPLE)[number]>('sysadmin', 'sysadmin', 'sysadmin', 'admin', ...PEOPLE);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

interface Entry {
  active: boolean;
  removed: boolean;
  used: boolean;
  parent: Code | null;
  version: number;
}
type Model = Map<Code, Entry>;

/** From the top down. */
const pathOf = (model: Model, at: Code): Code[] => {
  const above = model.get(at)!.parent;
  return above === null ? [at] : [...pathOf(model, above), at];
};
const isActive = (model: Model, at: Code) => model.get(at)?.active ?? false;
const hasChildren = (model: Model, at: Code) =>
  [...model.values()].some(({ parent, removed }) => parent === at && !removed);

/** What the API must answer: right, record, rules of the input, state, in this order. */
function answerTo(model: Model, { name, code, ...more }: Act, actor: Actor): number {
  // Customers are owned by account managers, so without an owner named only those make one.
  if (name === 'choose' && actor.rights['customer.create'] === 'own') return isActive(model, code) ? 201 : 422;
  if (name === 'choose') return actor.rights['customer.create'] ? 422 : 403;
  if (!actor.rights['dictionary.write']) return 403;
  const entry = model.get(code);
  const there = entry && !entry.removed;
  if (name !== 'add' && !there) return 404;
  const { parent = null } = more as { parent?: Code | null };
  if (parent !== null && !(name === 'move' && parent === entry!.parent))
    if (!isActive(model, parent) || pathOf(model, parent).includes(code)) return 422;
  if (name === 'add') return there ? 409 : 201;
  if (name === 'remove') return entry!.used || hasChildren(model, code) ? 409 : 204;
  return 200;
}

function apply(model: Model, { name, code, ...more }: Act): void {
  const entry = model.get(code);
  const { parent = null } = more as { parent?: Code | null };
  if (name === 'add') {
    const version = (entry?.version ?? 0) + 1;
    model.set(code, { active: true, removed: false, used: false, parent, version });
    return;
  }
  const before = JSON.stringify(entry);
  if (name === 'move') entry!.parent = parent;
  if (name === 'retire' || name === 'activate') entry!.active = name === 'activate';
  if (name === 'remove') Object.assign(entry!, { active: false, removed: true });
  if (JSON.stringify(entry) !== before) entry!.version += 1;
  if (name === 'choose') entry!.used = true;
}

/** News of a use elsewhere: what was removed is back, retired, with all above it. */
function tell(model: Model, code: Code): void {
  const entry = model.get(code);
  if (!entry || entry.used) return;
  entry.used = true;
  if (entry.removed)
    for (const each of pathOf(model, code).map((above) => model.get(above)!))
      if (each.removed) Object.assign(each, { removed: false, version: each.version + 1 });
}

let run = 0;
/** The codes of one run. */
function doors() {
  const prefix = `m${(run += 1)}-`;
  const named = (code: Code | null) => (code === null ? null : `${prefix}${code}`);
  const send = (who: (typeof PEOPLE)[number], { name, code, ...more }: Act) => {
    const as = world.service.as(people[who]);
    const parent = named((more as { parent?: Code | null }).parent ?? null);
    const path = `${REGIONS}/${named(code)}`;
    switch (name) {
      case 'add':
        return as.post(REGIONS).send({ code: named(code), label: { zh: '区', en: 'Region' }, parent });
      case 'move':
        return as.patch(path).send({ parent });
      case 'retire':
      case 'activate':
        return as.patch(path).send({ active: name === 'activate' });
      case 'remove':
        return as.delete(path).send();
      case 'choose':
      case 'tell':
        return as.post('/api/v1/customers').send({ name: 'Model', region: named(code) });
    }
  };
  const news = (code: Code) => {
    const { aggregateId, data } = wonBy(world.alice.id, 'Model', { status: 'unassigned', region: named(code) });
    return OpportunityCreated.of(aggregateId, data as Parameters<typeof OpportunityCreated.of>[1]);
  };
  return { prefix, named, send, news };
}

/** The table is what the events say: so is every copy that follows them. */
async function requireTold(prefix: string) {
  const rows = await world.service.query<{ id: string }>(`SELECT id FROM dictionary_entry WHERE code LIKE $1`, [
    `${prefix}%`,
  ]);
  const ids = rows.map(({ id }) => id);
  const history = await world.service.query<{ type: string; subject: string; data: unknown }>(
    'SELECT type, aggregate_id AS subject, data FROM outbox WHERE aggregate_id = ANY ($1) ORDER BY id',
    [ids],
  );
  expect(dictionaryOf(history)).toEqual(await storedDictionary(world.service, ids));
}

describe('the dictionary against a model', () => {
  it('DIC-1, DIC-2, DIC-3, DIC-4: answers every act of every person as the rules say, and tells the others the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(by, act), { minLength: 5, maxLength: 30, size: 'max' }), async (steps) => {
        const { prefix, named, send, news } = doors();
        const model: Model = new Map();
        for (const [who, each] of steps) {
          if (each.name === 'tell') {
            await world.service.deliver(news(each.code));
            tell(model, each.code);
            continue;
          }
          const status = answerTo(model, each, people[who]);
          expect({ who, each, status: (await send(who, each)).status }).toEqual({ who, each, status });
          if (status < 300) apply(model, each);
        }
        for (const code of CODES) {
          const answer = await world.service.as(people.executive).get(`${REGIONS}/${named(code)}`);
          const entry = model.get(code);
          if (!entry || entry.removed) expect(answer.status).toBe(404);
          else {
            const { active, version } = entry;
            expect(answer.body).toMatchObject({ active, version, path: pathOf(model, code).map(named) });
          }
        }
        await requireTold(prefix);
      }),
      { numRuns: 12 },
    );
  }, 60_000);

  it('DIC-2, DIC-4, ALL-2: acts of many at the same moment break no rule', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 6, maxLength: 14, size: 'max' }), async (acts) => {
        const { prefix, named, send, news } = doors();
        for (const code of CODES) await send('sysadmin', { name: 'add', code, parent: null }).expect(201);
        const answers = await Promise.all(
          acts.map(async (each) => {
            if (each.name === 'tell') await world.service.deliver(news(each.code));
            else return (await send(each.name === 'choose' ? 'alice' : 'sysadmin', each)).status;
          }),
        );
        for (const status of answers) expect([undefined, 200, 201, 204, 404, 409, 422]).toContain(status);
        const carried = await world.service.query(
          `SELECT FROM customer c JOIN dictionary_entry e ON e.type = 'region' AND e.code = c.region
            WHERE e.code LIKE $1 AND (e.removed OR NOT e.used)`,
          [`${prefix}%`],
        );
        expect(carried).toEqual([]);
        const told = acts.filter(({ name }) => name === 'tell').map(({ code }) => named(code));
        const missed = await world.service.query(
          'SELECT FROM dictionary_entry WHERE code = ANY ($1) AND (removed OR NOT used)',
          [told],
        );
        expect(missed).toEqual([]);
        const { body } = await world.service.as(people.sysadmin).get(`${REGIONS}?limit=200&count=true`);
        const [stored] = await world.service.query<{ total: number }>(
          `SELECT count(*)::int AS total FROM dictionary_entry WHERE type = 'region' AND NOT removed`,
        );
        // What stood in a cycle, or below something removed, would not be reached from the top.
        expect(body.total).toBe(stored!.total);
        await requireTold(prefix);
      }),
      { numRuns: 12 },
    );
  }, 60_000);
});

import { ContactAdded, ContactRemoved, type ContactView } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startWorld, type World } from './customer.fixture.js';

interface Step {
  readonly act: 'add' | 'set' | 'rename' | 'remove';
  readonly isPrimary: boolean;
  /** Which of the contacts, counted round. */
  readonly which: number;
  readonly who: 'alice' | 'alice2' | 'bob';
}
const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom(
    'add' as const,
    'add' as const,
    'set' as const,
    'set' as const,
    'rename' as const,
    'remove' as const,
  ),
  isPrimary: fc.boolean(),
  which: fc.nat(20),
  who: fc.constantFrom('alice' as const, 'alice2' as const, 'bob' as const),
});

/** What the rules say of the contacts of one customer. */
interface Model {
  contacts: string[];
  primary: string | undefined;
}

describe('Contacts against a model', () => {
  let world: World;
  let path: string;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.service.stop());

  const begin = async () => {
    const { body } = await world.service.as(world.alice).post('/api/v1/customers').send({ name: 'ACME' }).expect(201);
    path = `/api/v1/customers/${body.id as string}/contacts`;
  };
  const send = ({ act, isPrimary, who }: Step, id: string | undefined) => {
    const as = world.service.as(who === 'bob' ? world.bob : world.alice);
    switch (act) {
      case 'add':
        return as.post(path).send({ name: 'New', isPrimary });
      case 'set':
        return as.patch(`${path}/${id}`).send({ isPrimary });
      case 'rename':
        return as.patch(`${path}/${id}`).send({ name: 'Renamed' });
      case 'remove':
        return as.delete(`${path}/${id}`);
    }
  };
  const stored = async () => (await world.service.as(world.bob).get(path).expect(200)).body.items as ContactView[];

  it('CUS-3: one act after the other, the last one set is the primary one, and nobody else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20, size: 'max' }), async (steps) => {
        await begin();
        const model: Model = { contacts: [], primary: undefined };
        for (const each of steps) {
          const id = model.contacts[each.which % model.contacts.length];
          if (each.act !== 'add' && !id) continue;
          const { status, body } = await send(each, id);
          if (each.who === 'bob') {
            expect(status).toBe(403);
            continue;
          }
          expect(status).toBe({ add: 201, set: 200, rename: 200, remove: 204 }[each.act]);
          if (each.act === 'add') model.contacts.push(body.id as string);
          const touched = each.act === 'add' ? (body.id as string) : id;
          if (each.act === 'remove') model.contacts = model.contacts.filter((contact) => contact !== id);
          if (each.act === 'remove' && model.primary === id) model.primary = undefined;
          if (each.act === 'add' && each.isPrimary) model.primary = touched;
          if (each.act === 'set' && each.isPrimary) model.primary = touched;
          if (each.act === 'set' && !each.isPrimary && model.primary === touched) model.primary = undefined;
        }
        const contacts = await stored();
        expect(contacts.map(({ id }) => id)).toEqual(model.contacts);
        expect(contacts.filter(({ isPrimary }) => isPrimary).map(({ id }) => id)).toEqual(
          model.primary ? [model.primary] : [],
        );
      }),
      { numRuns: 12 },
    );
  }, 60_000);

  it('CUS-3, EVT-3: many at once leave at most one primary contact, and events that end in what is stored', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 14, size: 'max' }), async (steps) => {
        await begin();
        const first: string[] = [];
        for (const isPrimary of [true, false, false]) {
          const { body } = await world.service
            .as(world.alice)
            .post(path)
            .send({ name: 'First', isPrimary })
            .expect(201);
          first.push(body.id as string);
        }
        const answers = await Promise.all(steps.map((each) => send(each, first[each.which % first.length])));
        for (const { status } of answers) expect([200, 201, 204, 403, 404]).toContain(status);
        const contacts = await stored();
        expect(contacts.filter(({ isPrimary }) => isPrimary).length).toBeLessThanOrEqual(1);
        const added = answers.filter(({ status }) => status === 201).map(({ body }) => body.id as string);
        const removed = answers.filter(({ status }) => status === 204).length;
        expect(contacts).toHaveLength(first.length + added.length - removed);

        const told = await world.service.query<{ id: string; type: string; data: Record<string, unknown> }>(
          `SELECT aggregate_id AS id, type, data FROM outbox WHERE aggregate_id = ANY ($1) ORDER BY aggregate_id, sequence`,
          [[...first, ...added]],
        );
        const ends = new Map(told.map((event) => [event.id, event]));
        const alive = [...ends.values()].filter(({ type }) => type !== ContactRemoved.type);
        expect(alive.map(({ id, data }) => [id, data.isPrimary, data.name]).sort()).toEqual(
          contacts.map(({ id, isPrimary, name }) => [id, isPrimary, name]).sort(),
        );
        expect(told.filter(({ type }) => type === ContactAdded.type)).toHaveLength(first.length + added.length);
      }),
      { numRuns: 12 },
    );
  }, 60_000);
});

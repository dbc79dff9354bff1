import {
  type Actor,
  DictionaryEntryAdded,
  DictionaryEntryRemoved,
  DictionaryEntryUpdated,
  DictionaryEntryView,
  type DictionaryType,
} from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startWorld, type World } from './customer.fixture.js';

let world: World;
let sysadmin: Actor;
beforeAll(async () => {
  world = await startWorld();
  sysadmin = await world.service.person('system_admin', 'sysadmin');
});
afterAll(() => world?.service.stop());

const as = (actor = sysadmin) => world.service.as(actor);
const at = (type: string, code = '') => `/api/v1/dictionary/${type}${code && `/${code}`}`;
const label = { zh: '新', en: 'New' };
let count = 0;
/** An entry of its own for each test. */
const added = async (type: DictionaryType = 'industry', more: object = {}): Promise<DictionaryEntryView> => {
  const code = `e${(count += 1)}`;
  const { body } = await as()
    .post(at(type))
    .send({ code, label, ...more })
    .expect(201);
  return DictionaryEntryView.strict().parse(body);
};
const told = (definition: { type: string }, code: string) =>
  world.service.events.published(definition.type, ({ data }) => (data as { code: string }).code === code);

describe('entries of the dictionary', () => {
  it('DIC-1: are added, at the end of the order where none is given, and can be chosen at once', async () => {
    const { body } = await as().get(at('customer-level')).expect(200);
    const last = Math.max(...body.items.map(({ order }: DictionaryEntryView) => order));
    const answer = await as().post(at('customer-level')).send({ code: 'gold', label }).expect(201);
    expect(answer.headers).toMatchObject({ etag: '"1"', location: '/api/v1/dictionary/customer-level/gold' });
    expect(answer.body).toEqual({
      type: 'customer_level',
      code: 'gold',
      version: 1,
      label,
      order: last + 1,
      active: true,
      editable: true,
      parent: null,
      level: 1,
      path: ['gold'],
    });
    expect((await told(DictionaryEntryAdded, 'gold')).data).toMatchObject({ type: 'customer_level', label });
    const read = await as(world.alice).get(answer.headers.location!).expect(200);
    expect([read.body, read.headers.etag]).toEqual([answer.body, '"1"']);
    await as(world.alice).post('/api/v1/customers').send({ name: 'A', level: 'gold' }).expect(201);
  });

  it('DIC-1: are changed in label, order and activity', async () => {
    const { code } = await added();
    const changes = { label: { zh: '改', en: 'Changed' }, order: 0, active: false };
    const answer = await as().patch(at('industry', code)).send(changes).expect(200);
    expect(answer.body).toMatchObject({ ...changes, code, version: 2 });
    expect(answer.headers.etag).toBe('"2"');
    expect((await told(DictionaryEntryUpdated, code)).data).toMatchObject(changes);
    expect((await as().get(`${at('industry')}?active=false`)).body.items).toEqual([answer.body]);
    const same = await as().patch(at('industry', code)).send({ active: false }).expect(200);
    expect(same.body).toEqual(answer.body);
    await as().patch(at('industry', code)).send({ active: true }).expect(200);
    expect((await as().get(`${at('industry')}?active=false`)).body.items).toEqual([]);
  });

  it('DIC-1: a code stands once in its dictionary', async () => {
    const { code } = await added('industry');
    const { body: problem } = await as().post(at('industry')).send({ code, label }).expect(409);
    expect(problem).toMatchObject({ type: '/problems/already-exists', field: 'code' });
    await as().post(at('company-nature')).send({ code, label }).expect(201);
    const race = await Promise.all([1, 2, 3].map(() => as().post(at('industry')).send({ code: 'race', label })));
    expect(race.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });

  it('DIC-1, AUT-6: are the administrators’ to change', async () => {
    const { code } = await added();
    for (const actor of [world.alice, world.manager]) {
      await as(actor).post(at('industry')).send({ code: 'x', label }).expect(403);
      await as(actor).patch(at('industry', code)).send({ active: false }).expect(403);
      await as(actor).delete(at('industry', code)).expect(403);
    }
  });

  it('DIC-1: what is not there is answered before what is wrong in the body', async () => {
    for (const path of [at('nothing'), at('__proto__'), at('region%00')])
      await as().post(path).send({ colour: 'red' }).expect(404);
    for (const path of [at('industry', 'nothing'), at('region', 'manufacturing'), at('nothing', 'manufacturing')]) {
      await as().get(path).expect(404);
      await as().patch(path).send({ colour: 'red' }).expect(404);
      await as().delete(path).expect(404);
    }
    await as()
      .get(`${at('nothing')}?colour=red`)
      .expect(404);
  });

  it.each([
    [{ label }, 'code'],
    [{ code: 'a b', label }, 'code'],
    [{ code: '.a', label }, 'code'],
    [{ code: 'x'.repeat(51), label }, 'code'],
    [{ code: 'x' }, 'label'],
    [{ code: 'x', label: { zh: '新' } }, 'label.en'],
    [{ code: 'x', label: { zh: ' ', en: 'x' } }, 'label.zh'],
    [{ code: 'x', label: { zh: '字'.repeat(101), en: 'x' } }, 'label.zh'],
    [{ code: 'x', label: { ...label, fr: 'Nouveau' } }, 'label.fr'],
    [{ code: 'x', label: { zh: 'a\u0000', en: 'x' } }, 'label.zh'],
    [{ code: 'x', label, order: -1 }, 'order'],
    [{ code: 'x', label, order: 1.5 }, 'order'],
    [{ code: 'x', label, order: 1_000_001 }, 'order'],
    [{ code: 'x', label, order: '1' }, 'order'],
    [{ code: 'x', label, editable: false }, 'editable'],
    [{ code: 'x', label, active: false }, 'active'],
    [{ code: 'x', label, parent: 'manufacturing' }, 'parent'],
  ])('ALL-1: refuses %j and names the field', async (body, path) => {
    const { body: problem } = await as().post(at('industry')).send(body).expect(400);
    expect(problem).toMatchObject({ type: '/problems/validation-failed', errors: [{ path }] });
  });

  it('ALL-1: labels are kept as they are typed', async () => {
    const typed = { zh: '😀𠮷‏', en: ' Ünïcödé ' };
    const { code } = await added('industry', { label: typed });
    expect((await as().get(at('industry', code))).body.label).toEqual(typed);
  });

  it('ALL-2: of two who change the same entry, the second is refused', async () => {
    const { code } = await added();
    await as().patch(at('industry', code)).set('if-match', '"1"').send({ order: 5 }).expect(200);
    await as().patch(at('industry', code)).set('if-match', '"1"').send({ order: 6 }).expect(412);
    await as().delete(at('industry', code)).set('if-match', '"1"').expect(412);
    await as().delete(at('industry', code)).set('if-match', '"2"').expect(204);
  });

  it('ALL-3: the same Idempotency-Key acts once', async () => {
    const add = () => as().post(at('industry')).set('idempotency-key', 'entry-once').send({ code: 'once', label });
    expect((await add().expect(201)).body).toEqual((await add().expect(201)).body);
  });
});

describe('fixed and removed entries', () => {
  it.each<[DictionaryType, string]>([
    ['opportunity_stage', 'proposal'],
    ['satisfaction', '3'],
    ['ticket_priority', 'high'],
  ])('DIC-2: %s %s is not editable', async (type, code) => {
    for (const answer of [
      await as().patch(at(type, code)).send({ label }).expect(409),
      await as().patch(at(type, code)).send({ active: false }).expect(409),
      await as().delete(at(type, code)).expect(409),
    ])
      expect(answer.body).toMatchObject({ type: '/problems/not-editable', dictionary: type, code });
    expect((await as().get(at(type, code))).body).toMatchObject({ version: 1, active: true, editable: false });
  });

  it('DIC-1: nobody adds what the contracts could not take, but stages may be added', async () => {
    const { body } = await as().post(at('satisfaction')).send({ code: '6', label }).expect(409);
    expect(body).toMatchObject({ type: '/problems/not-editable', dictionary: 'satisfaction', code: '6' });
    await as().post(at('opportunity-stage')).send({ code: 'demonstration', label }).expect(201);
  });

  it('DIC-2: one that was never used is removed for all who read or choose', async () => {
    const { code } = await added();
    await as().delete(at('industry', code)).expect(204);
    expect((await told(DictionaryEntryRemoved, code)).data).toMatchObject({ code, active: false });
    await as().get(at('industry', code)).expect(404);
    await as().patch(at('industry', code)).send({ active: true }).expect(404);
    await as().delete(at('industry', code)).expect(404);
    const { body } = await as()
      .get(`${at('industry')}?limit=200`)
      .expect(200);
    expect(body.items.map((entry: DictionaryEntryView) => entry.code)).not.toContain(code);
    await as(world.alice).post('/api/v1/customers').send({ name: 'A', industry: code }).expect(422);
  });

  it('DIC-1: a removed code may be added again', async () => {
    const { code } = await added();
    await as().delete(at('industry', code)).expect(204);
    const again = { code, label: { zh: '又', en: 'Again' }, order: 4 };
    expect((await as().post(at('industry')).send(again).expect(201)).body).toMatchObject({ ...again, version: 3 });
    await as(world.alice).post('/api/v1/customers').send({ name: 'A', industry: code }).expect(201);
  });

  it('DIC-2: the refusal says, in both languages, that one in use can be retired', async () => {
    const { code } = await added();
    const { body: customer } = await as(world.alice).post('/api/v1/customers').send({ name: 'A', industry: code });
    await as(world.alice).patch(`/api/v1/customers/${customer.id}`).send({ industry: null }).expect(200);
    const english = await as().delete(at('industry', code)).expect(409);
    expect(english.body).toMatchObject({
      type: '/problems/in-use',
      detail: 'The record is in use, so it cannot be deleted. Retire it instead: PATCH {"active": false}.',
    });
    const chinese = await as().delete(at('industry', code)).set('accept-language', 'zh-CN').expect(409);
    expect(chinese.body.detail).toBe('记录正在使用,不能删除。请改为停用:PATCH {"active": false}。');
  });
});

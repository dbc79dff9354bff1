import {
  type Actor,
  type DictionaryEntryView,
  DictionaryEntryUpdated,
  type DictionaryType,
  type NewEvent,
  OpportunityCreated,
  OpportunityUpdated,
  TicketCreated,
  TicketUpdated,
} from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { overlapping, startWorld, wonBy, type World } from './customer.fixture.js';

let world: World;
let sysadmin: Actor;
beforeAll(async () => {
  world = await startWorld();
  sysadmin = await world.service.person('system_admin', 'sysadmin');
});
afterAll(() => world?.service.stop());

const admin = () => world.service.as(sysadmin);
const alice = () => world.service.as(world.alice);
const at = (type: string, code: string) => `/api/v1/dictionary/${type}/${code}`;
let count = 0;
const add = async (type: DictionaryType, more: object = {}): Promise<string> => {
  const code = `u${(count += 1)}`;
  const entry = { code, label: { zh: '用', en: 'Used' }, ...more };
  await admin().post(`/api/v1/dictionary/${type}`).send(entry).expect(201);
  return code;
};
const remove = (type: DictionaryType, code: string) => admin().delete(at(type, code)).send();
const retire = (type: DictionaryType, code: string) => admin().patch(at(type, code)).send({ active: false });

/** Which field of a customer is picked from which dictionary. */
const FIELDS = [
  ['region', 'region'],
  ['level', 'customer_level'],
  ['industry', 'industry'],
  ['nature', 'company_nature'],
  ['type', 'company_type'],
] as const;

describe('picking entries for customers', () => {
  it.each(FIELDS)('DIC-3: %s takes an active entry of %s only, naming both', async (field, type) => {
    const [retired, removed] = [await add(type), await add(type)];
    await retire(type, retired).expect(200);
    await remove(type, removed).expect(204);
    const { body: customer } = await alice().post('/api/v1/customers').send({ name: 'A' }).expect(201);
    for (const code of [retired, removed, 'nothing', field === 'region' ? 'manufacturing' : 'shanghai'])
      for (const answer of [
        await alice()
          .post('/api/v1/customers')
          .send({ name: 'A', [field]: code }),
        await alice()
          .patch(`/api/v1/customers/${customer.id}`)
          .send({ [field]: code }),
      ])
        expect(answer).toMatchObject({
          status: 422,
          body: { type: '/problems/unknown-dictionary-code', dictionary: type, code, errors: [{ path: field }] },
        });
  });

  it('DIC-3: every field that is wrong is named', async () => {
    const { body } = await alice()
      .post('/api/v1/customers')
      .send({ name: 'A', region: 'x', industry: 'y' })
      .expect(422);
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual(['region', 'industry']);
  });

  it.each(FIELDS)('DIC-2: an old record keeps a retired %s, which cannot be set anew', async (field, type) => {
    const code = await add(type);
    const { body: old } = await alice()
      .post('/api/v1/customers')
      .send({ name: 'Old', [field]: code })
      .expect(201);
    await retire(type, code).expect(200);
    const path = `/api/v1/customers/${old.id}`;
    const edited = await alice()
      .patch(path)
      .send({ remarks: 'edited', [field]: code })
      .expect(200);
    expect(edited.body).toMatchObject({ remarks: 'edited', [field]: code });
    expect((await admin().get(at(type, code))).body).toMatchObject({ active: false, label: { zh: '用', en: 'Used' } });
    await alice()
      .patch(path)
      .send({ [field]: null })
      .expect(200);
    await alice()
      .patch(path)
      .send({ [field]: code })
      .expect(422);
    await admin().patch(at(type, code)).send({ active: true }).expect(200);
    await alice()
      .patch(path)
      .send({ [field]: code })
      .expect(200);
  });

  it.each(FIELDS)('DIC-2: a %s that a customer carries or carried is not removed', async (field, type) => {
    const [now, once] = [await add(type), await add(type)];
    const { body: customer } = await alice()
      .post('/api/v1/customers')
      .send({ name: 'C', [field]: once })
      .expect(201);
    await alice()
      .patch(`/api/v1/customers/${customer.id}`)
      .send({ [field]: now })
      .expect(200);
    await world.service.as(world.manager).delete(`/api/v1/customers/${customer.id}`).expect(204);
    for (const code of [now, once]) expect((await remove(type, code)).body.type).toBe('/problems/in-use');
  });

  it('DIC-2, DIC-3: the kind of an activity is picked likewise', async () => {
    const [kind, gone] = [await add('activity_kind'), await add('activity_kind')];
    await remove('activity_kind', gone).expect(204);
    const { body: customer } = await alice().post('/api/v1/customers').send({ name: 'A' }).expect(201);
    const record = (code: string) =>
      alice()
        .post(`/api/v1/customers/${customer.id}/activities`)
        .send({ date: '2026-01-05', kind: code, summary: 'S' });
    expect((await record(gone).expect(422)).body).toMatchObject({
      dictionary: 'activity_kind',
      errors: [{ path: 'kind' }],
    });
    await record(kind).expect(201);
    expect((await remove('activity_kind', kind)).body.type).toBe('/problems/in-use');
    await retire('activity_kind', kind).expect(200);
    await record(kind).expect(422);
  });

  it('DIC-2: a code that was only tried is not in use', async () => {
    const code = await add('industry');
    await alice().post('/api/v1/customers').send({ name: 'A', industry: code, region: 'nothing' }).expect(422);
    await alice().get(`/api/v1/customers?industry=${code}`).expect(200);
    await remove('industry', code).expect(204);
  });

  it('DIC-2: of a choice and a removal at the same moment, the first one counts', async () => {
    const [taken, gone] = [await add('industry'), await add('industry')];
    const choose = (industry: string) => alice().post('/api/v1/customers').send({ name: 'Race', industry });
    const chosenFirst = await overlapping(
      world,
      () => choose(taken).then(({ status }) => status),
      () => remove('industry', taken).then(({ status }) => status),
    );
    expect(chosenFirst).toEqual([201, 409]);
    const removedFirst = await overlapping(
      world,
      () => remove('industry', gone).then(({ status }) => status),
      () => choose(gone).then(({ status }) => status),
    );
    expect(removedFirst).toEqual([204, 422]);
  });
});

const ID = '01920000-0000-7000-8000-0000000000aa';
type Facts = Partial<Parameters<typeof OpportunityCreated.of>[1]>;
const opportunity = (over: Facts, id = v7()) => {
  const { data } = wonBy(world.alice.id, 'C', { status: 'unassigned', region: null, ...over, opportunityId: id });
  return OpportunityCreated.of(id, data as Parameters<typeof OpportunityCreated.of>[1]);
};
const ticket = (type: string, definition = TicketCreated, id = v7()) =>
  definition.of(id, {
    ticketId: id,
    code: 'TKT-000001',
    status: 'created',
    type,
    priority: 'normal',
    summary: 'S',
    request: 'R',
    customerId: v7(),
    contactId: null,
    creatorId: world.alice.id,
    createdAt: '2026-01-05T08:00:00.000Z',
    assigneeId: null,
    assignedAt: null,
    handling: null,
    handledBy: null,
    handledAt: null,
    result: null,
    satisfaction: null,
    archivedAt: null,
  });

describe('what records of other services carry', () => {
  it.each<[DictionaryType, (code: string) => NewEvent[]]>([
    ['opportunity_stage', (stage) => [opportunity({ stage })]],
    ['opportunity_source', (source) => [opportunity({ source })]],
    ['region', (region) => [opportunity({ region })]],
    [
      'opportunity_source',
      (source) => {
        const created = opportunity({});
        const edited = { ...(created.data as Parameters<typeof OpportunityUpdated.of>[1]), source };
        return [created, OpportunityUpdated.of(created.aggregateId, edited)];
      },
    ],
    ['ticket_type', (code) => [ticket(code)]],
    ['ticket_type', (code) => [ticket('complaint', TicketCreated, ID), ticket(code, TicketUpdated, ID)]],
  ])('DIC-2: %s is in use as soon as an event tells so', async (type, events) => {
    const code = await add(type);
    await world.service.deliver(...events(code));
    expect((await remove(type, code)).body.type).toBe('/problems/in-use');
    await retire(type, code).expect(200);
  });

  it('DIC-2: an entry that was removed before the news of its use came is back as a retired one, with all above it', async () => {
    const top = await add('region');
    const below = await add('region', { parent: top });
    for (const code of [below, top]) await remove('region', code).expect(204);
    const event = opportunity({ region: below });
    const [envelope] = await world.service.deliver(event, opportunity({ region: below }));
    const entry = (await admin().get(at('region', below)).expect(200)).body as DictionaryEntryView;
    expect(entry).toMatchObject({ active: false, path: [top, below], label: { zh: '用', en: 'Used' } });
    await admin().get(at('region', top)).expect(200);
    const told = ({ data }: { data?: unknown }) => (data as { code: string }).code === below;
    const back = await world.service.events.published(DictionaryEntryUpdated.type, told);
    expect(back.data).toMatchObject({ active: false, parent: top });
    await alice().post('/api/v1/customers').send({ name: 'A', region: below }).expect(422);
    expect((await remove('region', below)).body.type).toBe('/problems/in-use');

    await world.service.events.send(envelope!);
    await world.service.deliver(opportunity({ region: below }));
    expect((await admin().get(at('region', below))).body).toEqual(entry);
  });

  it('DIC-2: codes that nobody knows are no trouble', async () => {
    await world.service.deliver(opportunity({ region: 'never-heard-of', source: null }), ticket('never-heard-of'));
    await admin().get(at('region', 'never-heard-of')).expect(404);
  });
});

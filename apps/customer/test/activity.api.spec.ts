import { ActivityRecorded, ActivityRemoved, ActivityUpdated, ActivityView } from '#contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startWorld, type Json, type World } from './customer.fixture.js';

let world: World;
let customer: Json;
let path: string;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());
beforeEach(async () => {
  customer = (await as('alice').post('/api/v1/customers').send({ name: 'ACME' }).expect(201)).body as Json;
  path = `/api/v1/customers/${customer.id}/activities`;
});

const as = (person: 'manager' | 'alice' | 'bob') => world.service.as(world[person]);
const visit = { date: '2026-03-05', kind: 'visit', summary: 'Showed the new machine' };
const record = async (body: object = {}, to = path) =>
  (
    await as('alice')
      .post(to)
      .send({ ...visit, ...body })
      .expect(201)
  ).body as ActivityView;
const list = async (query: string, to = path) =>
  ((await as('bob').get(`${to}?${query}`).expect(200)).body.items as ActivityView[]).map(({ summary }) => summary);

describe('activities', () => {
  it('CUS-4: are recorded with all that is known of them, by whoever is signed in', async () => {
    const contact = await as('alice').post(`/api/v1/customers/${customer.id}/contacts`).send({ name: '王芳' });
    const input = {
      date: '2026-03-05',
      kind: 'meeting',
      place: '上海市南京路1号',
      summary: '签约会议 🤝',
      detail: 'They want two machines.\nThe price is agreed.',
      participants: '王芳, Alice',
      contactId: contact.body.id as string,
      nextFollowUpDate: '2026-04-01',
      nextFollowUpTodo: 'Send the contract',
    };
    const answer = await as('alice').post(path).send(input).expect(201);
    const activity = ActivityView.strict().parse(answer.body);
    expect(activity).toMatchObject({
      ...input,
      version: 1,
      customerId: customer.id,
      customerName: 'ACME',
      authorId: world.alice.id,
    });
    expect(answer.headers).toMatchObject({ etag: '"1"', location: `${path}/${activity.id}` });
    expect((await as('bob').get(`${path}/${activity.id}`).expect(200)).body).toEqual(activity);
    const { data } = await world.service.events.published(
      ActivityRecorded.type,
      ({ subject }) => subject === activity.id,
    );
    expect(ActivityRecorded.data.strict().parse(data)).toEqual({
      activityId: activity.id,
      customerId: customer.id,
      date: '2026-03-05',
      kind: 'meeting',
      summary: '签约会议 🤝',
      contactId: contact.body.id,
      authorId: world.alice.id,
      nextFollowUpDate: '2026-04-01',
    });
  });

  it('CUS-4: are edited and removed, and tell of it', async () => {
    const { id } = await record({ place: 'Berlin', nextFollowUpDate: '2026-04-01', nextFollowUpTodo: 'Call' });
    const changes = { kind: 'call', place: null, summary: 'Called instead' };
    const edited = (await as('manager').patch(`${path}/${id}`).send(changes).expect(200)).body as ActivityView;
    expect(edited).toMatchObject({ ...changes, version: 2, authorId: world.alice.id, nextFollowUpTodo: 'Call' });
    const { data } = await world.service.events.published(ActivityUpdated.type, ({ subject }) => subject === id);
    expect(data).toMatchObject({ kind: 'call', summary: 'Called instead' });
    expect((await as('alice').patch(`${path}/${id}`).send(changes).expect(200)).body).toEqual(edited);
    await as('alice').delete(`${path}/${id}`).expect(204);
    await world.service.events.published(ActivityRemoved.type, ({ subject }) => subject === id);
    for (const answer of [
      await as('alice').get(`${path}/${id}`),
      await as('alice').patch(`${path}/${id}`).send(changes),
      await as('alice').delete(`${path}/${id}`),
    ])
      expect(answer.status).toBe(404);
    const told = await world.service.query<{ type: string }>(
      'SELECT type FROM outbox WHERE aggregate_id = $1 ORDER BY sequence',
      [id],
    );
    expect(told.map(({ type }) => type)).toEqual([ActivityRecorded.type, ActivityUpdated.type, ActivityRemoved.type]);
  });

  it('CUS-4: a follow-up has a day; what was written for it goes with the day', async () => {
    const { body } = await as('alice')
      .post(path)
      .send({ ...visit, nextFollowUpTodo: 'Call' })
      .expect(400);
    expect(body.errors).toMatchObject([{ path: 'nextFollowUpDate' }]);
    const { id } = await record({ nextFollowUpDate: '2026-04-01', nextFollowUpTodo: 'Call' });
    const cleared = await as('alice').patch(`${path}/${id}`).send({ nextFollowUpDate: null }).expect(400);
    expect(cleared.body.errors).toMatchObject([{ path: 'nextFollowUpDate' }]);
    await as('alice').patch(`${path}/${id}`).send({ nextFollowUpDate: null, nextFollowUpTodo: null }).expect(200);
  });

  it('CUS-4: the contact is one of the customer; removed later, it stays on record', async () => {
    const other = await as('alice').post('/api/v1/customers').send({ name: 'Other' }).expect(201);
    const contacts = (id: unknown) => as('alice').post(`/api/v1/customers/${id as string}/contacts`);
    const [own, foreign] = [
      await contacts(customer.id).send({ name: 'A' }),
      await contacts(other.body.id).send({ name: 'B' }),
    ];
    const { id } = await record({ contactId: own.body.id });
    for (const contactId of [foreign.body.id, v7()]) {
      const refused = await as('alice')
        .post(path)
        .send({ ...visit, contactId })
        .expect(422);
      expect(refused.body).toMatchObject({ type: '/problems/unknown-reference', errors: [{ path: 'contactId' }] });
      await as('alice').patch(`${path}/${id}`).send({ contactId }).expect(422);
    }
    await as('alice').delete(`/api/v1/customers/${customer.id}/contacts/${own.body.id}`).expect(204);
    const { body } = await as('alice')
      .patch(`${path}/${id}`)
      .send({ contactId: own.body.id, place: 'Bonn' })
      .expect(200);
    expect(body).toMatchObject({ contactId: own.body.id, place: 'Bonn' });
  });

  it('DIC-3: the kind is an active entry of its dictionary; a retired one stays readable', async () => {
    for (const kind of ['smoke_signal', 'shanghai'])
      expect(
        (
          await as('alice')
            .post(path)
            .send({ ...visit, kind })
            .expect(422)
        ).body,
      ).toMatchObject({
        type: '/problems/unknown-dictionary-code',
        errors: [{ path: 'kind' }],
      });
    const { id } = await record({ kind: 'email' });
    await world.service.query(
      `UPDATE dictionary_entry SET active = false WHERE type = 'activity_kind' AND code = 'email'`,
    );
    await as('alice')
      .post(path)
      .send({ ...visit, kind: 'email' })
      .expect(422);
    const kept = await as('alice').patch(`${path}/${id}`).send({ kind: 'email', place: 'Rome' }).expect(200);
    expect(kept.body).toMatchObject({ kind: 'email', place: 'Rome' });
    await world.service.query(
      `UPDATE dictionary_entry SET active = true WHERE type = 'activity_kind' AND code = 'email'`,
    );
  });

  it('AUT-6: are written by the owner of the customer or a manager, and read by all who read customers', async () => {
    const { id } = await record();
    const executive = world.service.as(await world.service.person('executive', `executive-${v7()}`));
    expect((await as('bob').post(path).send(visit).expect(403)).body.type).toBe('/problems/not-owner');
    await as('bob').patch(`${path}/${id}`).send({ summary: 'X' }).expect(403);
    await as('bob').delete(`${path}/${id}`).expect(403);
    await as('bob').get(`${path}/${id}`).expect(200);
    for (const address of [path, '/api/v1/activities', `${path}/${id}`]) await executive.get(address).expect(403);
    await executive.post(path).send(visit).expect(403);
    expect((await as('manager').post(path).send(visit).expect(201)).body.authorId).toBe(world.manager.id);
  });

  it('api: 403 for the right comes before 404, 404 before 400, 422 before the ownership', async () => {
    const executive = world.service.as(await world.service.person('executive', `executive-${v7()}`));
    const nowhere = `/api/v1/customers/${v7()}/activities`;
    await executive.post(nowhere).send({}).expect(403);
    await as('alice').post(nowhere).send({}).expect(404);
    await as('bob').post(path).send({}).expect(400);
    await as('bob')
      .post(path)
      .send({ ...visit, kind: 'x' })
      .expect(422);
    await as('bob').post(path).send(visit).expect(403);
    await as('alice').patch(`${path}/${v7()}`).send({ summary: 'X' }).expect(404);
    await as('alice').get(`${path}/x`).expect(404);
  });

  it('ALL-2, ALL-3: a stale version is refused, and the same Idempotency-Key acts once', async () => {
    const { id } = await record();
    await as('alice').patch(`${path}/${id}`).set('if-match', '"1"').send({ place: 'A' }).expect(200);
    await as('alice').patch(`${path}/${id}`).set('if-match', '"1"').send({ place: 'B' }).expect(412);
    await as('alice').delete(`${path}/${id}`).set('if-match', '"1"').expect(412);
    await as('alice').patch(`${path}/${id}`).set('if-match', '1').send({ place: 'B' }).expect(412);
    await as('alice').patch(`${path}/${id}`).set('if-match', 'W/"1", 2').send({ place: 'B' }).expect(200);
    const key = v7();
    const send = () => as('alice').post(path).set('idempotency-key', key).send(visit).expect(201);
    const [first, second] = await Promise.all([send(), send()]);
    expect(second.body).toEqual(first.body);
    expect(await list('kind=visit')).toHaveLength(2);
  });
});

describe('activities of all customers', () => {
  it('CUS-4, CUS-9: newest first by their day, those of one day by the time at which they were recorded', async () => {
    for (const [summary, date] of [
      ['B', '2026-01-02'],
      ['A', '2026-01-01'],
      ['C1', '2026-01-03'],
      ['C2', '2026-01-03'],
    ])
      await record({ summary, date });
    expect(await list('')).toEqual(['C2', 'C1', 'B', 'A']);
    expect(await list('sort=date')).toEqual(['A', 'B', 'C1', 'C2']);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor ? `&cursor=${cursor}` : '';
      const { body } = await as('bob').get(`${path}?limit=1&count=true${more}`).expect(200);
      expect(body.total).toBe(4);
      expect(body).not.toHaveProperty('totalIsEstimate');
      seen.push(...(body.items as ActivityView[]).map(({ summary }) => summary));
      cursor = body.nextCursor as string | null;
    } while (cursor);
    expect(seen).toEqual(['C2', 'C1', 'B', 'A']);
  });

  it('CUS-9: are filtered by day, kind, customer, owner, author, contact and follow-up, and searched', async () => {
    const mark = v7().slice(-12);
    const bobs = await as('bob').post('/api/v1/customers').send({ name: 'Bob’s' }).expect(201);
    const { body: contact } = await as('alice').post(`/api/v1/customers/${customer.id}/contacts`).send({ name: 'X' });
    await record({ summary: `${mark} 1`, date: '2026-01-01', kind: 'call', detail: '讨论了年度采购计划' });
    await record({ summary: `${mark} 2`, date: '2026-02-01', nextFollowUpDate: '2026-03-01', contactId: contact.id });
    await record({ summary: `${mark} 3`, date: '2026-03-01', participants: '欧阳修', place: 'Hotel Adlon' });
    const ofBob = `/api/v1/customers/${bobs.body.id}/activities`;
    await as('bob')
      .post(ofBob)
      .send({ ...visit, summary: `${mark} 4`, date: '2026-04-01', nextFollowUpDate: '2026-02-15' });
    await as('manager')
      .post(ofBob)
      .send({ ...visit, summary: `${mark} 5`, date: '2026-05-01' });

    const found = async (query: string) =>
      (await list(`q=${mark}&${query}`, '/api/v1/activities')).map((summary) => summary.slice(-1)).join('');
    expect(await found('')).toBe('54321');
    expect(await found('date[gte]=2026-02-01&date[lt]=2026-04-01')).toBe('32');
    expect(await found('date=2026-05-01')).toBe('5');
    expect(await found('kind=call')).toBe('1');
    expect(await found(`customerId=${customer.id}`)).toBe('321');
    expect(await found(`ownerId=${world.bob.id}`)).toBe('54');
    expect(await found(`ownerId=${world.alice.id},${world.bob.id}`)).toBe('54321');
    expect(await found(`authorId=${world.manager.id}`)).toBe('5');
    expect(await found(`contactId=${contact.id}`)).toBe('2');
    // What is due, the longest first: those without a follow-up are never due, and last where all are asked for.
    expect(await found('nextFollowUpDate[lte]=2026-03-01&sort=nextFollowUpDate')).toBe('42');
    expect(await found('nextFollowUpDate[gte]=2026-02-20&sort=nextFollowUpDate')).toBe('2');
    expect((await found('sort=nextFollowUpDate')).slice(0, 2)).toBe('42');

    for (const q of ['年度采购', '采购', '欧阳', 'hotel-ADLON'])
      expect([q, await list(`q=${encodeURIComponent(q)}&customerId=${customer.id}`, '/api/v1/activities')]).toEqual([
        q,
        [expect.stringContaining(mark)],
      ]);
    expect(await list(`q=${encodeURIComponent('采%购')}`, '/api/v1/activities')).toEqual([]);
    for (const query of ['kind[gte]=a', 'date=2026-02-30', 'colour=red', 'sort=summary', 'customerId=1', 'cursor=x'])
      await as('bob').get(`/api/v1/activities?${query}`).expect(400);
  });

  it('CUS-9, CUS-2: those of a deleted customer are hidden, and back with it; a narrowed role sees those of its own customers', async () => {
    const mark = v7().slice(-12);
    const { id } = await record({ summary: mark });
    const all = () => list(`q=${mark}`, '/api/v1/activities');
    const narrowed = (actor: typeof world.bob) =>
      world.service.as({ ...actor, rights: { ...actor.rights, 'customer.read': 'own' } });
    const seenBy = async (actor: typeof world.bob) =>
      (await narrowed(actor).get(`/api/v1/activities?q=${mark}`).expect(200)).body.items.length as number;
    expect([await all(), await seenBy(world.alice), await seenBy(world.bob)]).toEqual([[mark], 1, 0]);
    await narrowed(world.bob).get(`${path}/${id}`).expect(404);
    await as('manager').delete(`/api/v1/customers/${customer.id}`).expect(204);
    expect(await all()).toEqual([]);
    for (const address of [path, `${path}/${id}`]) await as('alice').get(address).expect(404);
    await as('alice').post(path).send(visit).expect(404);
    await as('alice').patch(`${path}/${id}`).send({ summary: 'X' }).expect(404);
    await as('alice').delete(`${path}/${id}`).expect(404);
    await as('manager').post(`/api/v1/customers/${customer.id}/restore`).expect(200);
    expect(await all()).toEqual([mark]);
  });

  it('CUS-7: go with their customer to another owner, also when they are moved to another customer', async () => {
    const { id } = await record();
    const ownerOf = async () =>
      (await world.service.query<{ owner: string }>('SELECT owner_id AS owner FROM activity WHERE id = $1', [id]))[0]!
        .owner;
    expect(await ownerOf()).toBe(world.alice.id);
    await as('manager').post(`/api/v1/customers/${customer.id}/transfer`).send({ ownerId: world.bob.id }).expect(200);
    expect(await ownerOf()).toBe(world.bob.id);
    await as('bob').patch(`${path}/${id}`).send({ place: 'Now Bob’s' }).expect(200);
    const { body: other } = await as('alice').post('/api/v1/customers').send({ name: 'Survivor' });
    await world.service.query('UPDATE activity SET customer_id = $2 WHERE id = $1', [id, other.id]);
    expect(await ownerOf()).toBe(world.alice.id);
  });
});

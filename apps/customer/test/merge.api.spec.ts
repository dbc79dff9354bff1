import { ContactUpdated, CustomerMerged, CustomerMergeUndone, CustomerUpdated, OrderRecorded } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { feedAs, type Json, orderOf, ownKeys, startWorld, type World, wonBy } from './customer.fixture.js';
import { mergeDesk } from './merge.fixture.js';

let world: World;
let desk: ReturnType<typeof mergeDesk>;
beforeAll(async () => {
  world = await startWorld();
  desk = mergeDesk(world);
});
afterAll(() => world?.service.stop());

const CUSTOMERS = '/api/v1/customers';
const named = (n: string) => ownKeys()(n);
const pair = async (one: object = {}, other: object = {}) =>
  [await desk.create({ name: named('One'), ...one }), await desk.create({ name: named('Other'), ...other })] as const;

describe('a merge', () => {
  it('CUS-6: moves contacts, activities and orders, and what the survivor does not know it takes over', async () => {
    const [one, other] = await pair(
      { phone: '111 0001', region: 'shanghai', level: 'key', remarks: 'From the fair', tags: ['vip', 'old'] },
      { region: 'germany', tags: ['vip', 'new'] },
    );
    const maria = await desk.addContact(one.id, { name: 'Maria', isPrimary: true });
    const hans = await desk.addContact(other.id, { name: 'Hans', isPrimary: true });
    const visit = await desk.recordActivity(one.id, { contactId: maria.id, nextFollowUpDate: '2026-06-01' });
    const call = await desk.recordActivity(other.id, { kind: 'call', date: '2026-03-02' });
    const early = await desk.feed(one.code, { date: '2026-02-01' });
    const late = await desk.feed(one.code, { date: '2026-04-01' });
    const kept = await desk.feed(other.code, { date: '2026-03-01' });

    const survivor = await desk.merged(one.id, other.id);
    expect(survivor).toMatchObject({
      id: other.id,
      code: other.code,
      name: other.name,
      version: 2,
      phone: '111 0001',
      region: 'germany',
      level: 'key',
      remarks: 'From the fair',
      tags: ['vip', 'new', 'old'],
      lastOrderDate: '2026-04-01',
      mergeId: expect.any(String),
    });
    expect(await desk.contactsOf(other.id)).toMatchObject([
      { id: maria.id, customerId: other.id, isPrimary: false },
      { id: hans.id, isPrimary: true },
    ]);
    expect(await desk.activitiesOf(other.id)).toMatchObject([
      { id: call.id },
      { id: visit.id, customerId: other.id, contactId: maria.id, nextFollowUpDate: '2026-06-01' },
    ]);
    expect(await desk.ordersOf(other.id)).toEqual([early, late, kept].sort());
  });

  it('CUS-4, CUS-6: the survivor’s timeline shows what happened to both; after an undo each has its own again', async () => {
    const [one, other] = await pair(
      { region: 'shanghai', bankAccount: '42' },
      { region: 'germany', bankAccount: '43' },
    );
    const [maria, hans] = [
      await desk.addContact(one.id, { name: 'Maria' }),
      await desk.addContact(other.id, { name: 'Hans' }),
    ];
    const { mergeId } = await desk.merged(one.id, other.id);
    const acts = async (id: string) =>
      (await desk.timeline(id)).map(({ act, details }) => [act, details.contactId ?? details.mergeId ?? details.code]);
    const both = [
      ['merged', mergeId],
      ['contact-added', hans.id],
      ['contact-added', maria.id],
      ['created', other.code],
      ['created', one.code],
    ];
    for (const id of [one.id, one.code, other.id]) expect(await acts(id)).toEqual(both);
    const [merged] = await desk.timeline(other.id);
    expect(merged).toMatchObject({
      actorId: world.manager.id,
      details: {
        mergedId: one.id,
        code: one.code,
        name: one.name,
        conflicts: {
          name: { kept: other.name, merged: one.name },
          region: { kept: 'germany', merged: 'shanghai' },
          bankAccount: { kept: '***', merged: '***' },
        },
      },
    });
    // Page by page, too.
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await desk.get(`/customers/${other.id}/timeline?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...page.items.map(({ act }: Json) => act));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(both.map(([act]) => act));
    await desk.undo(mergeId).expect(200);
    expect(await acts(one.id)).toEqual([
      ['merge-undone', mergeId],
      ['contact-added', maria.id],
      ['created', one.code],
    ]);
    expect(await acts(other.id)).toEqual([
      ['merge-undone', mergeId],
      ['merged', mergeId],
      ['contact-added', hans.id],
      ['created', other.code],
    ]);
  });

  it('CUS-6: the primary contact of the one is that of a survivor without', async () => {
    const [one, other] = await pair();
    const maria = await desk.addContact(one.id, { name: 'Maria', isPrimary: true });
    await desk.addContact(other.id, { name: 'Hans' });
    await desk.merged(one.id, other.id);
    expect((await desk.contactsOf(other.id)).filter(({ isPrimary }) => isPrimary).map(({ id }) => id)).toEqual([
      maria.id,
    ]);
  });

  it('CUS-6: its id and its number answer the survivor everywhere, and no list shows it', async () => {
    const [one, other] = await pair({ phone: '222 0002' });
    const maria = await desk.addContact(one.id, { name: 'Maria' });
    const order = await desk.feed(one.code);
    await desk.merged(one.id, other.id);
    for (const old of [one.id, one.id.toUpperCase(), one.code, one.code.toLowerCase()]) {
      const answer = await desk.as().get(`${CUSTOMERS}/${old}`).expect(200);
      expect(answer).toMatchObject({ body: { id: other.id, code: other.code }, headers: { etag: '"2"' } });
      expect((await desk.contactsOf(old)).map(({ id }) => id)).toEqual([maria.id]);
      expect(await desk.ordersOf(old)).toEqual([order]);
    }
    const ids = async (query: string) => (await desk.get(query)).items.map(({ id }: Json) => id);
    expect(await ids(`/customers?q=${one.code}`)).toEqual([other.id]);
    expect(await ids(`/customers?q=${encodeURIComponent(one.name)}`)).toEqual([other.id]);
    expect(await ids(`/customers?code=${one.code}`)).toEqual([other.id]);
    expect(await ids('/customers?q=2220002')).toEqual([other.id]);
    expect(await ids('/customers?limit=200')).not.toContain(one.id);
    for (const id of [one.id, `${one.id},${v7()}`]) {
      expect((await desk.get(`/orders?customerId=${id}`)).items.map(({ key }: Json) => key)).toEqual([order]);
      expect((await desk.get(`/contacts?customerId=${id}`)).items).toMatchObject([
        { id: maria.id, customerId: other.id },
      ]);
      expect((await desk.get(`/activities?customerId=${id}`)).items).toEqual([]);
    }

    // Work goes on under the old name as well.
    await desk.as().patch(`${CUSTOMERS}/${one.id}`).set('If-Match', '"1"').send({ remarks: 'Old' }).expect(412);
    await desk.as().patch(`${CUSTOMERS}/${one.id}`).set('If-Match', '"2"').send({ remarks: 'New' }).expect(200);
    const hans = await desk.addContact(one.id, { name: 'Hans' });
    expect(hans.customerId).toBe(other.id);
    const path = `${CUSTOMERS}/${one.code}/contacts/${maria.id}`;
    await desk.as().patch(path).send({ position: 'Boss' }).expect(200);
    await desk.as().post(`${CUSTOMERS}/${one.id}/restore`).expect(404);
    expect(await ids(`/customers/deleted?code=${one.code}`)).toEqual([]);
    await desk.as().patch(`${CUSTOMERS}/${v7()}`).send({ remarks: 'x' }).expect(404);
  });

  it('CUS-6: orders that are fed under an old number or reference find the survivor, through a chain of merges', async () => {
    const ref = named('OLD');
    const [a, b] = await pair({ externalRef: ref }, { externalRef: named('B') });
    const c = await desk.create({ name: named('C') });
    await desk.merged(a.id, b.id);
    await desk.merged(b.id, c.id);
    for (const old of [a.id, a.code, b.id, b.code]) expect((await desk.get(`/customers/${old}`)).id).toBe(c.id);
    const keys = [];
    for (const old of [a.code, ref, b.code, b.externalRef!, c.code]) keys.push(await desk.feed(old));
    expect(await desk.ordersOf(c.id)).toEqual(keys.sort());
    expect((await desk.get(`/customers?q=${a.code}`)).items).toMatchObject([{ id: c.id }]);

    // Nobody else gets a reference that still leads somewhere.
    const thief = await desk
      .as(world.alice)
      .post(CUSTOMERS)
      .send({ name: named('Thief'), externalRef: ref })
      .expect(409);
    expect(thief.body.type).toBe('/problems/already-exists');
    // A survivor may bear it itself.
    await desk.as().patch(`${CUSTOMERS}/${c.id}`).send({ externalRef: ref }).expect(200);
    expect(await desk.ordersOf(c.id)).toEqual(keys);
  });

  it('CUS-6: orders of a survivor that was deleted are its own again with it, under old references too', async () => {
    const [one, other] = await pair();
    await desk.merged(one.id, other.id);
    await desk.as().delete(`${CUSTOMERS}/${one.id}`).expect(204);
    for (const id of [one.id, one.code, other.id]) await desk.as().get(`${CUSTOMERS}/${id}`).expect(404);
    const order = await desk.feed(one.code);
    await desk.as().post(`${CUSTOMERS}/${one.id}/restore`).expect(200);
    expect(await desk.ordersOf(other.id)).toEqual([order]);
  });

  it('MKT-6, CUS-6: a win under the old name is linked to the survivor', async () => {
    const [one, other] = await pair();
    await desk.merged(one.id, other.id);
    const won = wonBy(world.bob.id, one.name.toUpperCase());
    await world.service.deliver(won);
    expect((await desk.get(`/customers?q=${encodeURIComponent(one.name)}`)).items).toMatchObject([{ id: other.id }]);
    const linked = await world.service.events.published(
      'crm.customer.customer.opportunity-linked.v1',
      ({ data }) => (data as Json).opportunityId === won.aggregateId,
    );
    expect(linked.data).toMatchObject({ customerId: other.id });
  });

  it('MKT-6, CUS-6: the opportunity that the one came from goes along, and makes no second customer when it is delivered again', async () => {
    const won = wonBy(world.alice.id, named('Won'));
    const [delivered] = await world.service.deliver(won);
    const [one] = (
      await desk.get(
        `/customers?q=${encodeURIComponent(won.data instanceof Object ? (won.data as Json).customerName : '')}`,
      )
    ).items;
    const other = await desk.create({ name: named('Other') });
    const { sourceOpportunityId, mergeId } = await desk.merged(one.id, other.id);
    expect(sourceOpportunityId).toBe(won.aggregateId);
    await world.service.events.send({ ...delivered!, sequence: 2 });
    await world.service.applied({ ...delivered!, sequence: 2 });
    expect(
      await world.service.query('SELECT 1 FROM customer WHERE source_opportunity_id = $1', [won.aggregateId]),
    ).toHaveLength(1);
    await desk.undo(mergeId).expect(200);
    expect(await desk.get(`/customers/${one.id}`)).toMatchObject({ id: one.id, sourceOpportunityId: won.aggregateId });
    expect(await desk.get(`/customers/${other.id}`)).toMatchObject({ sourceOpportunityId: null });
  });

  it('CUS-6, EVT-1: says of the merged one, of the survivor and of each record that moved whose it is now', async () => {
    const [one, other] = await pair({ phone: '3330003' });
    const maria = await desk.addContact(one.id, { name: 'Maria' });
    const key = await desk.feed(one.code);
    const { mergeId } = await desk.merged(one.id, other.id);
    const about = (id: string) => (event: { subject: string }) => event.subject === id;
    const merged = await world.service.events.published(CustomerMerged.type, about(one.id));
    expect(merged).toMatchObject({
      actorid: world.manager.id,
      data: { customerId: one.id, code: one.code, name: one.name, intoId: other.id, mergeId },
    });
    await world.service.events.published(CustomerUpdated.type, about(other.id));
    const moved = await world.service.events.published(ContactUpdated.type, about(maria.id));
    expect(moved.data).toMatchObject({ customerId: other.id });
    await world.service.events.published(
      OrderRecorded.type,
      ({ data }) => (data as Json).key === key && (data as Json).customerId === other.id,
    );
    await desk.undo(mergeId).expect(200);
    const undone = await world.service.events.published(CustomerMergeUndone.type, about(one.id));
    expect(undone.data).toMatchObject({ customerId: one.id, name: one.name, intoId: other.id, mergeId });
    await world.service.events.published(
      OrderRecorded.type,
      ({ data, sequence }) => (data as Json).key === key && (data as Json).customerId === one.id && sequence > 1,
    );
  });

  it('CUS-6: the preview says what would move, what is kept, taken over and in conflict, and changes nothing', async () => {
    const [one, other] = await pair(
      { phone: '444', region: 'shanghai', fax: '1', tags: ['a'] },
      { region: 'germany', fax: '1', website: 'example.com', tags: ['b'] },
    );
    for (let n = 1; n <= 6; n += 1) await desk.addContact(one.id, { name: `Person ${n}` });
    const key = await desk.feed(one.code);
    const preview = async () =>
      (await desk.as().post(`${CUSTOMERS}/${one.code}/merge-preview`).send({ intoId: other.id }).expect(200)).body;
    const before = await preview();
    expect(before).toMatchObject({ mergedId: one.id, intoId: other.id, tags: ['b', 'a'] });
    const moves = Object.fromEntries(before.moves.map((move: Json) => [move.kind, move]));
    expect(moves.contact).toMatchObject({ count: 6, samples: [6, 5, 4, 3, 2].map((n) => ({ label: `Person ${n}` })) });
    expect(moves.order).toEqual({ kind: 'order', count: 1, samples: [{ id: expect.any(String), label: key }] });
    expect(before.fields).toEqual([
      { field: 'name', merged: one.name, into: other.name, outcome: 'conflict' },
      { field: 'ownerId', merged: world.alice.id, into: world.alice.id, outcome: 'kept' },
      { field: 'region', merged: 'shanghai', into: 'germany', outcome: 'conflict' },
      { field: 'phone', merged: '444', into: null, outcome: 'taken' },
      { field: 'fax', merged: '1', into: '1', outcome: 'kept' },
      { field: 'website', merged: null, into: 'example.com', outcome: 'kept' },
    ]);
    expect(await preview()).toEqual(before);
    expect(await desk.get(`/customers/${one.id}`)).toMatchObject({ id: one.id, version: 1 });
  });

  it('CUS-6: refuses itself, what is not there, and what was merged already, and says why', async () => {
    const [one, other] = await pair();
    const third = await desk.create({ name: named('Third') });
    const problem = (answer: Json) => [answer.status, answer.body.type];
    for (const act of ['merge', 'merge-preview']) {
      const send = (id: string, intoId: string) => desk.as().post(`${CUSTOMERS}/${id}/${act}`).send({ intoId });
      expect(problem(await send(one.id, one.id))).toEqual([422, '/problems/merge-into-itself']);
      expect(problem(await send(one.code, one.id))).toEqual([422, '/problems/merge-into-itself']);
      expect(problem(await send(one.id, v7()))).toEqual([422, '/problems/unknown-reference']);
      expect(problem(await send(v7(), one.id))).toEqual([404, '/problems/not-found']);
      expect(problem(await send(one.id, one.code))).toEqual([400, '/problems/validation-failed']);
      expect(problem(await send(v7(), 'x'))).toEqual([404, '/problems/not-found']);
    }
    await desk.merged(one.id, other.id);
    for (const [id, intoId] of [
      [one.id, third.id],
      [one.code, other.id],
      [third.id, one.id],
      [other.id, one.id],
    ] as const) {
      const { status, body } = await desk.merge(id, intoId);
      expect({ status, body }).toMatchObject({
        status: 409,
        body: { type: '/problems/already-merged', code: one.code, into: other.code },
      });
    }
    await desk.as().delete(`${CUSTOMERS}/${third.id}`).expect(204);
    expect(problem(await desk.merge(third.id, other.id))).toEqual([404, '/problems/not-found']);
    expect(problem(await desk.merge(other.id, third.id))).toEqual([422, '/problems/unknown-reference']);
  });

  it('ALL-2, ALL-3: holds If-Match against the one in the path, and acts once for a repeated key', async () => {
    const [one, other] = await pair();
    await desk.as().patch(`${CUSTOMERS}/${one.id}`).send({ remarks: 'x' }).expect(200);
    const send = (ifMatch: string) =>
      desk
        .as()
        .post(`${CUSTOMERS}/${one.code}/merge`)
        .set('If-Match', ifMatch)
        .set('Idempotency-Key', one.id)
        .send({ intoId: other.id });
    await send('"1"').expect(412);
    const first = await send('"2"').expect(200);
    const again = await send('"2"').expect(200);
    expect(again.body).toEqual(first.body);
  });

  it('AUT-6: merging is for those who hold the right', async () => {
    const [one, other] = await pair();
    await desk.as(world.alice).post(`${CUSTOMERS}/${one.id}/merge`).send({ intoId: other.id }).expect(403);
    await desk.as(world.alice).post(`${CUSTOMERS}/${one.id}/merge-preview`).send({ intoId: other.id }).expect(403);
    await desk.as(world.alice).get(`${CUSTOMERS}/merges`).expect(403);
    await desk.as(world.alice).post(`${CUSTOMERS}/merges/${v7()}/undo`).expect(403);
  });
});

describe('the undo of a merge', () => {
  it('CUS-6: gives back what was moved and is still there; what came since stays with the survivor', async () => {
    const [one, other] = await pair({ phone: '555 0005', fax: '555 1', tags: ['x', 'y'] });
    const visit = await desk.recordActivity(one.id);
    const [maria, fritz] = [
      await desk.addContact(one.id, { name: 'Maria', isPrimary: true }),
      await desk.addContact(one.id, { name: 'Fritz' }),
    ];
    const k = ownKeys();
    await feedAs(world, 'orders', [orderOf(k, { key: k('moved'), customerRef: one.code })]);
    await feedAs(world, 'orders', [orderOf(k, { key: k('switched'), customerRef: one.code })]);
    const { mergeId } = await desk.merged(one.id, other.id);

    const hans = await desk.addContact(other.id, { name: 'Hans' });
    const call = await desk.recordActivity(one.id, { kind: 'call' });
    await desk.as().delete(`${CUSTOMERS}/${other.id}/contacts/${fritz.id}`).expect(204);
    await desk
      .as()
      .patch(`${CUSTOMERS}/${other.id}`)
      .send({ fax: '555 2', tags: ['x', 'z'] })
      .expect(200);
    await feedAs(world, 'orders', [
      orderOf(k, { key: k('new'), customerRef: other.code }),
      orderOf(k, { key: k('named'), customerRef: one.code }),
      orderOf(k, { key: k('switched'), version: 2, customerRef: other.code }),
    ]);

    const { body } = await desk.undo(mergeId).expect(200);
    expect(body).toMatchObject({
      id: mergeId,
      mergedId: one.id,
      mergedCode: one.code,
      intoId: other.id,
      intoName: other.name,
      mergedBy: world.manager.id,
      undoneBy: world.manager.id,
      undoneAt: expect.any(String),
    });
    expect(await desk.get(`/customers/${one.code}`)).toMatchObject({
      id: one.id,
      phone: '555 0005',
      fax: '555 1',
      tags: ['x', 'y'],
    });
    expect(await desk.get(`/customers/${other.id}`)).toMatchObject({ phone: null, fax: '555 2', tags: ['z'] });
    expect(await desk.contactsOf(one.id)).toMatchObject([{ id: maria.id, isPrimary: true }]);
    expect(await desk.contactsOf(other.id)).toMatchObject([{ id: hans.id }]);
    expect((await desk.activitiesOf(one.id)).map(({ id }) => id)).toEqual([visit.id]);
    expect((await desk.activitiesOf(other.id)).map(({ id }) => id)).toEqual([call.id]);
    // An order is whose the sales system says.
    expect(await desk.ordersOf(one.id)).toEqual([k('moved'), k('named')].sort());
    expect(await desk.ordersOf(other.id)).toEqual([k('new'), k('switched')].sort());
    expect((await desk.get(`/customers?q=${one.code}`)).items).toMatchObject([{ id: one.id }]);
  });

  it('CUS-6: once; and from the end of a chain', async () => {
    const [a, b] = await pair();
    const c = await desk.create({ name: named('C') });
    const first = await desk.merged(a.id, b.id);
    const second = await desk.merged(b.id, c.id);
    const refused = await desk.undo(first.mergeId).expect(409);
    expect(refused.body).toMatchObject({ type: '/problems/survivor-merged', code: b.code, mergeId: second.mergeId });
    await desk.undo(second.mergeId).expect(200);
    for (const [old, id] of [
      [a.id, b.id],
      [a.code, b.id],
      [b.id, b.id],
      [c.id, c.id],
    ] as const)
      expect((await desk.get(`/customers/${old}`)).id).toBe(id);
    expect((await desk.undo(second.mergeId)).body.type).toBe('/problems/merge-undone');
    await desk.undo(first.mergeId).expect(200);
    expect((await desk.undo(first.mergeId)).status).toBe(409);
    // What was undone can be done again.
    await desk.merged(b.id, a.id);
    expect((await desk.get(`/customers/${b.code}`)).id).toBe(a.id);
  });

  it('CUS-6: not while the survivor is deleted, nor when it bears the reference of the other', async () => {
    const [one, other] = await pair({ externalRef: named('R') }, { externalRef: named('S') });
    const { mergeId } = await desk.merged(one.id, other.id);
    await desk.as().delete(`${CUSTOMERS}/${other.id}`).expect(204);
    expect((await desk.undo(mergeId).expect(409)).body).toMatchObject({
      type: '/problems/survivor-deleted',
      code: other.code,
    });
    await desk.as().post(`${CUSTOMERS}/${other.id}/restore`).expect(200);
    await desk.as().patch(`${CUSTOMERS}/${other.id}`).send({ externalRef: one.externalRef }).expect(200);
    expect((await desk.undo(mergeId).expect(409)).body).toMatchObject({
      type: '/problems/already-exists',
      field: 'externalRef',
    });
    await desk.as().patch(`${CUSTOMERS}/${other.id}`).send({ externalRef: null }).expect(200);
    await desk.undo(mergeId).expect(200);
    expect(await desk.get(`/customers/${one.id}`)).toMatchObject({ id: one.id, externalRef: one.externalRef });
    await desk.undo(v7()).expect(404);
    await desk.as().post(`${CUSTOMERS}/merges/1/undo`).expect(404);
  });

  it('CUS-6: merges are listed, newest first, of a survivor and of a merged one', async () => {
    const [one, other] = await pair();
    const third = await desk.create({ name: named('Third') });
    const { mergeId: first } = await desk.merged(one.id, other.id);
    const { mergeId: second } = await desk.merged(third.id, other.id);
    await desk.undo(second).expect(200);
    const list = async (query: string) => (await desk.get(`/customers/merges?${query}`)).items;
    expect(await list(`intoId=${other.id}`)).toMatchObject([
      { id: second, mergedCode: third.code, undoneBy: world.manager.id },
      { id: first, mergedCode: one.code, undoneAt: null },
    ]);
    expect(await list(`mergedId=${one.id}`)).toMatchObject([{ id: first }]);
    expect(await list('mergedAt[gte]=2999-01-01')).toEqual([]);
  });
});

import { DictionaryEntryUpdated, TicketCreated, TicketUpdated, type TicketView, TicketWithdrawn } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { type Desk, deskOf, problem, startWorld, TICKETS, type World } from './world.js';

let world: World;
let desk: Desk;
beforeAll(async () => {
  world = await startWorld();
  desk = deskOf(world);
});
afterAll(() => world?.service.stop());

describe('creating tickets', () => {
  it('SVC-1: answers the whole record with number, creator and customer name', async () => {
    const answer = await desk
      .as('alice')
      .post(TICKETS)
      .send(desk.input({ contactId: world.contactId, priority: 'high' }));
    expect(answer).toMatchObject({ status: 201, headers: { etag: '"1"', location: `${TICKETS}/${answer.body.id}` } });
    expect(answer.body).toEqual({
      ...desk.input({ contactId: world.contactId, priority: 'high' }),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      code: expect.stringMatching(/^TKT-\d{6}$/),
      version: 1,
      status: 'created',
      customerName: 'Alfreds Futterkiste',
      contactName: 'Maria',
      round: 1,
      creatorId: world.people.alice.id,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      assigneeId: null,
      assignedAt: null,
      handling: null,
      handledBy: null,
      handledAt: null,
      result: null,
      satisfaction: null,
      archivedAt: null,
    });
    for (const path of [answer.body.id, answer.body.code])
      expect((await desk.as('bob').get(`${TICKETS}/${path}`)).body).toEqual(answer.body);
    const event = await desk.published(TicketCreated, answer.body.id);
    expect(event).toMatchObject({
      sequence: 1,
      actorid: world.people.alice.id,
      data: { ticketId: answer.body.id, status: 'created' },
    });
  });

  it.each([
    ['a customer that nobody knows', () => ({ customerId: v7() }), 'unknown-reference', 'customerId'],
    ['a contact that nobody knows', () => ({ contactId: v7() }), 'unknown-reference', 'contactId'],
    ['a contact of another customer', () => ({ contactId: world.strangerId }), 'unknown-reference', 'contactId'],
    ['a type that is not in the dictionary', () => ({ type: 'love-letter' }), 'unknown-dictionary-code', 'type'],
    ['a type that was retired', () => ({ type: 'rumour' }), 'unknown-dictionary-code', 'type'],
  ])('SVC-1, DIC-3: refuses %s with 422 and names the field', async (_what, wrong, code, path) => {
    const answer = await desk.as('alice').post(TICKETS).send(desk.input(wrong()));
    expect(answer).toMatchObject(problem(code, 422, { errors: [{ path }] }));
  });

  it.each([
    ['no summary', { summary: undefined }, 'summary'],
    ['a blank request', { request: '  ' }, 'request'],
    ['a summary that is too long', { summary: '长'.repeat(201) }, 'summary'],
    ['an unknown priority', { priority: 'now' }, 'priority'],
    ['a creator of its own', { creatorId: v7() }, 'creatorId'],
  ])('ALL-1: refuses %s with 400 and names the field', async (_what, wrong, path) => {
    expect(await desk.as('alice').post(TICKETS).send(desk.input(wrong))).toMatchObject(
      problem('validation-failed', 400, { errors: [{ path }] }),
    );
  });

  it('ALL-3: the same Idempotency-Key makes one ticket', async () => {
    const send = () =>
      desk
        .as('alice')
        .post(TICKETS)
        .set('idempotency-key', 'ticket-once')
        .send(desk.input({ summary: 'Once' }));
    const [first, second] = [await send(), await send()];
    expect(second).toMatchObject({ status: 201, body: first.body });
    const rows = await world.service.query(`SELECT FROM ticket WHERE summary = 'Once'`);
    expect(rows).toHaveLength(1);
  });
});

describe('editing and withdrawing', () => {
  it('SVC-5: the creator edits; only what is named changes; a retired type may stay', async () => {
    const ticket = await desk.create({ type: 'suggestion', contactId: world.contactId });
    const change = (changes: object) => desk.as('alice').patch(`${TICKETS}/${ticket.code}`).send(changes);
    const answer = await change({ summary: 'Lost delivery', contactId: null });
    expect(answer).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect(answer.body).toEqual({
      ...ticket,
      version: 2,
      summary: 'Lost delivery',
      contactId: null,
      contactName: null,
    });
    await desk.published(TicketUpdated, ticket.id);

    const [entry] = await world.service.query<{ id: string }>(
      `SELECT id FROM dictionary_entry WHERE code = 'suggestion'`,
    );
    const label = { zh: '建议', en: 'suggestion' };
    const facts = { entryId: entry!.id, type: 'ticket_type', code: 'suggestion', label, order: 1, editable: true };
    await world.service.deliver(DictionaryEntryUpdated.of(entry!.id, { ...facts, active: false }));
    expect(await change({ type: 'suggestion', priority: 'low' })).toMatchObject({
      status: 200,
      body: { priority: 'low' },
    });
    expect(await change({ type: 'complaint' })).toMatchObject({ status: 200 });
    expect(await change({ type: 'suggestion' })).toMatchObject(problem('unknown-dictionary-code', 422));
    expect(await change({ creatorId: world.people.bob.id })).toMatchObject({ status: 400 });
  });

  it('SVC-5: somebody else may not, whatever they may read, except who may handle everybody’s tickets', async () => {
    const ticket = await desk.create();
    for (const person of ['bob', 'manager'] as const) {
      expect(await desk.as(person).patch(`${TICKETS}/${ticket.id}`).send({ summary: 'x' })).toMatchObject(
        problem('not-owner', 403),
      );
      expect(await desk.as(person).delete(`${TICKETS}/${ticket.id}`)).toMatchObject(problem('not-owner', 403));
    }
    expect(await desk.as('admin').patch(`${TICKETS}/${ticket.id}`).send({ summary: 'x' })).toMatchObject({
      status: 200,
    });
  });

  it('SVC-5: a withdrawn ticket is gone for everybody, and kept in the database', async () => {
    const ticket = await desk.create({ summary: 'Never mind' });
    expect((await desk.as('alice').delete(`${TICKETS}/${ticket.id}`)).status).toBe(204);
    for (const path of [ticket.id, ticket.code, `${ticket.id}/timeline`])
      expect(await desk.as('manager').get(`${TICKETS}/${path}`)).toMatchObject(problem('not-found', 404));
    expect((await desk.as('manager').get(TICKETS).query({ q: 'never mind' })).body.items).toEqual([]);
    expect(await desk.act('manager', ticket, 'assign', { assigneeId: world.people.alice.id })).toMatchObject({
      status: 404,
    });
    const rows = await world.service.query('SELECT FROM ticket WHERE id = $1 AND deleted_at IS NOT NULL', [ticket.id]);
    expect(rows).toHaveLength(1);
    await desk.published(TicketWithdrawn, ticket.id);
  });

  it('SVC-5: after the assignment it can be neither edited nor withdrawn, and the state comes before ownership', async () => {
    const ticket = await desk.assign(await desk.create());
    for (const person of ['alice', 'bob'] as const) {
      expect(await desk.as(person).patch(`${TICKETS}/${ticket.id}`).send({ summary: 'x' })).toMatchObject(
        problem('read-only', 409),
      );
      expect(await desk.as(person).delete(`${TICKETS}/${ticket.id}`)).toMatchObject(
        problem('illegal-transition', 409, { allowed: ['handle'] }),
      );
    }
  });

  it('ALL-2: a stale If-Match is refused', async () => {
    const ticket = await desk.create();
    const change = (summary: string) =>
      desk.as('alice').patch(`${TICKETS}/${ticket.id}`).set('if-match', '"1"').send({ summary });
    expect((await change('one')).status).toBe(200);
    expect(await change('two')).toMatchObject(problem('stale-version', 412));
    expect((await desk.as('alice').get(`${TICKETS}/${ticket.id}`)).body).toMatchObject({ summary: 'one', version: 2 });
  });
});

describe('rights', () => {
  it('AUT-6: each act needs its right', async () => {
    const ticket = await desk.create();
    for (const person of ['sysadmin', 'executive'] as const) {
      expect(await desk.as(person).get(TICKETS)).toMatchObject(problem('forbidden', 403));
      expect(await desk.as(person).get(`${TICKETS}/${ticket.id}`)).toMatchObject({ status: 403 });
      expect(await desk.as(person).post(TICKETS).send(desk.input())).toMatchObject({ status: 403 });
    }
    expect(await desk.act('alice', ticket, 'assign', { assigneeId: world.people.alice.id })).toMatchObject(
      problem('forbidden', 403),
    );
    expect(await desk.act('manager', ticket, 'handle', { handling: 'x' })).toMatchObject(problem('forbidden', 403));
    expect((await fetch(`${world.service.url}${TICKETS}`)).status).toBe(401);
  });

  it('AUT-6: who may read their own tickets only sees those they made or handle, in lists, details and timelines', async () => {
    const [own, foreign] = [await desk.create({}, 'bob'), await desk.create()];
    const bob = world.service.as({ ...world.people.bob, rights: { 'ticket.read': 'own', 'ticket.handle': 'own' } });
    const { body } = await bob.get(TICKETS).query({ limit: 200, count: true });
    expect(body.items.map(({ id }: TicketView) => id)).toContain(own.id);
    expect(body.items.map(({ id }: TicketView) => id)).not.toContain(foreign.id);
    expect(body.total).toBe(body.items.length);
    for (const path of [foreign.id, foreign.code, `${foreign.id}/timeline`])
      expect((await bob.get(`${TICKETS}/${path}`)).status).toBe(404);
    expect((await bob.post(`${TICKETS}/${foreign.id}/handle`).send({ handling: 'x' })).status).toBe(404);
    await desk.assign(foreign, 'bob');
    expect((await bob.get(`${TICKETS}/${foreign.id}`)).status).toBe(200);
  });
});

import {
  TicketArchived,
  TicketAssigned,
  TicketCreated,
  TicketHandled,
  TicketMoved,
  TicketReturned,
  TicketUpdated,
  TicketWithdrawn,
  type Actor,
  type DataOf,
  type NewEvent,
  type TimelineEntry,
} from '#contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { feedAs, orderOf, ownKeys, startWorld, wonBy, type Json, type World } from './customer.fixture.js';

let world: World;
let customer: Json;
let path: string;
/** Keys of one test: the tests share a database. */
let k: (name: string) => string;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());
beforeEach(async () => {
  k = ownKeys();
  customer = (
    await as('alice')
      .post('/api/v1/customers')
      .send({ name: 'ACME', externalRef: k('REF') })
      .expect(201)
  ).body;
  path = `/api/v1/customers/${customer.id}`;
});

const as = (person: 'manager' | 'alice' | 'bob') => world.service.as(world[person]);
const read = async (query = '', actor: Actor = world.manager, of = path): Promise<TimelineEntry[]> =>
  (await world.service.as(actor).get(`${of}/timeline?${query}`).expect(200)).body.items;
const acts = async (query = '', actor?: Actor) => (await read(query, actor)).map(({ act }) => act);
const last = async (of = path) => (await read('limit=1', world.manager, of))[0]!;

const ticketOf = (over: Partial<DataOf<typeof TicketCreated>> = {}): DataOf<typeof TicketCreated> => ({
  ticketId: v7(),
  code: 'TKT-000007',
  status: 'created',
  type: 'complaint',
  priority: 'high',
  summary: '机器停了',
  request: 'It does not run.',
  customerId: customer.id as string,
  contactId: null,
  creatorId: world.manager.id,
  createdAt: '2026-01-05T08:00:00.000Z',
  assigneeId: null,
  assignedAt: null,
  handling: null,
  handledBy: null,
  handledAt: null,
  result: null,
  satisfaction: null,
  archivedAt: null,
  ...over,
});
/** An event of the service, as it said it at `time`. */
const said = (event: NewEvent, time: string, actorid = world.alice.id) => ({
  ...world.service.events.envelope(event),
  time,
  actorid,
});

describe('the timeline of a customer', () => {
  it('CUS-4: tells of its creation, of edits from what to what, and keeps no numbers of banks and tax offices', async () => {
    expect(await read()).toEqual([
      {
        at: expect.any(String),
        actorId: world.alice.id,
        act: 'created',
        details: { code: customer.code, name: 'ACME' },
      },
    ]);
    const changes = {
      name: '新名称',
      phone: '1',
      bank: 'ICBC',
      bankAccount: '6222',
      nationalTaxNumber: '91',
      tags: ['vip'],
    };
    await as('manager').patch(path).send(changes).expect(200);
    expect(await last()).toMatchObject({
      actorId: world.manager.id,
      act: 'edited',
      details: {
        name: { from: 'ACME', to: '新名称' },
        phone: { from: null, to: '1' },
        bank: { from: null, to: '***' },
        bankAccount: { from: null, to: '***' },
        nationalTaxNumber: { from: null, to: '***' },
        tags: { from: [], to: ['vip'] },
      },
    });
    await as('alice').patch(path).send({ bankAccount: null }).expect(200);
    expect((await last()).details).toEqual({ bankAccount: { from: '***', to: null } });
    await as('alice').patch(path).send({ name: '新名称' }).expect(200);
    expect(await acts()).toEqual(['edited', 'edited', 'created']);
    const stored = await world.service.query<{ details: object }>('SELECT details FROM customer_history');
    expect(JSON.stringify(stored)).not.toMatch(/6222|ICBC/);
  });

  it('CUS-4: tells of contacts and activities, each with the record it is about', async () => {
    const contact = (await as('alice').post(`${path}/contacts`).send({ name: '王芳', isPrimary: true }).expect(201))
      .body;
    expect(await last()).toMatchObject({ act: 'contact-added', details: { contactId: contact.id, name: '王芳' } });
    await as('alice').patch(`${path}/contacts/${contact.id}`).send({ position: 'CEO' }).expect(200);
    expect((await last()).details).toEqual({
      contactId: contact.id,
      name: '王芳',
      changes: { position: { from: null, to: 'CEO' } },
    });
    const second = (await as('alice').post(`${path}/contacts`).send({ name: 'Ann', isPrimary: true }).expect(201)).body;
    const changes = { isPrimary: { from: true, to: false } };
    expect((await read('limit=2')).map(({ act, details }) => [act, details])).toEqual([
      ['contact-added', { contactId: second.id, name: 'Ann' }],
      ['contact-edited', { contactId: contact.id, name: '王芳', changes }],
    ]);
    await as('alice').delete(`${path}/contacts/${contact.id}`).expect(204);
    expect(await last()).toMatchObject({ act: 'contact-removed', details: { contactId: contact.id } });

    const visit = { date: '2020-03-05', kind: 'visit', summary: 'Shown around' };
    const activity = (await as('alice').post(`${path}/activities`).send(visit).expect(201)).body;
    // At the time at which it was recorded, with the day at which it was.
    const recorded = await last();
    expect(recorded).toMatchObject({ act: 'activity-recorded', details: { activityId: activity.id, ...visit } });
    expect(Date.now() - Date.parse(recorded.at)).toBeLessThan(60_000);
    await as('alice').patch(`${path}/activities/${activity.id}`).send({ kind: 'call' }).expect(200);
    expect(await last()).toMatchObject({
      act: 'activity-edited',
      details: { activityId: activity.id, kind: 'call', changes: { kind: { from: 'visit', to: 'call' } } },
    });
    await as('alice').delete(`${path}/activities/${activity.id}`).expect(204);
    expect(await last()).toMatchObject({ act: 'activity-removed', details: { activityId: activity.id } });
  });

  it('CUS-4: tells of orders that are recorded, changed, cancelled and moved, and not of versions that change nothing', async () => {
    const feed = (over: object) => feedAs(world, 'orders', [orderOf(k, over)]);
    await feed({});
    const gist = { key: k('O'), date: '2026-03-01', status: 'unpaid', currency: 'USD', total: '126.23' };
    const { act, details } = await last();
    expect([act, details]).toEqual(['order-recorded', { orderId: expect.any(String), ...gist }]);
    await feed({ version: 2 });
    await feed({ version: 3, status: 'paid', date: '2026-03-02' });
    expect((await last()).details).toMatchObject({
      status: 'paid',
      changes: { status: { from: 'unpaid', to: 'paid' }, date: { from: '2026-03-01', to: '2026-03-02' } },
    });
    await feed({ version: 4, status: 'cancelled', date: '2026-03-02' });
    await feed({ version: 5, status: 'unpaid', date: '2026-03-02' });
    expect(await acts()).toEqual(['order-changed', 'order-cancelled', 'order-changed', 'order-recorded', 'created']);
    const other = (
      await as('alice')
        .post('/api/v1/customers')
        .send({ name: 'Other', externalRef: k('OTHER') })
    ).body;
    await feed({ version: 6, date: '2026-03-02', customerRef: k('OTHER') });
    expect(await last()).toMatchObject({ act: 'order-moved', details: { key: k('O'), customerId: other.id } });
    expect(await last(`/api/v1/customers/${other.id}`)).toMatchObject({
      act: 'order-recorded',
      details: { key: k('O') },
    });
  });

  it('FEED-3: an order that waited is on the timeline of the customer that appeared for it', async () => {
    await feedAs(world, 'orders', [orderOf(k, { key: k('W'), customerRef: k('LATE') })]);
    const late = (
      await as('alice')
        .post('/api/v1/customers')
        .send({ name: 'Late', externalRef: k('LATE') })
    ).body;
    expect((await read('', world.manager, `/api/v1/customers/${late.id}`)).map(({ act }) => act)).toEqual([
      'order-recorded',
      'created',
    ]);
  });

  it('MKT-6: tells of the won opportunity that it came from, and of later ones', async () => {
    const [won, again] = [wonBy(world.alice.id, k('Won')), wonBy(world.bob.id, k('Won'), { code: 'OPP-000002' })];
    await world.service.deliver(won);
    const { items } = (
      await as('bob')
        .get('/api/v1/customers')
        .query({ name: k('Won') })
        .expect(200)
    ).body;
    const of = `/api/v1/customers/${items[0].id}`;
    await world.service.deliver(again);
    expect((await read('', world.manager, of)).map(({ act, details }) => [act, details])).toEqual([
      ['opportunity-linked', { opportunityId: again.aggregateId, opportunityCode: 'OPP-000002' }],
      ['contact-added', { contactId: expect.any(String), name: 'Maria Anders' }],
      [
        'created',
        { code: items[0].code, name: k('Won'), opportunityId: won.aggregateId, opportunityCode: 'OPP-000001' },
      ],
    ]);
  });

  it('SVC-7, CUS-4: tells of tickets, at the time at which it happened', async () => {
    const ticket = ticketOf();
    const { ticketId } = ticket;
    const assigned = { ...ticket, status: 'assigned' as const, assigneeId: world.alice.id };
    const handled = { ...assigned, status: 'handled' as const, handling: '换了零件' };
    const returned = { ...handled, status: 'assigned' as const, result: 'Again', satisfaction: 1, round: 1 };
    const archived = { ...handled, status: 'archived' as const, result: '好', satisfaction: 5 };
    const events = [
      TicketCreated.of(ticketId, ticket),
      TicketAssigned.of(ticketId, assigned),
      TicketHandled.of(ticketId, handled),
      TicketReturned.of(ticketId, returned),
      TicketHandled.of(ticketId, handled),
      TicketArchived.of(ticketId, archived),
    ].map((event, day) => said(event, `2030-01-0${day + 1}T00:00:00.000Z`));
    // Late, twice and in no order: each once, in its place.
    await world.service.events.send(...events.toReversed(), ...events);
    await world.service.applied(...events);
    const gist = { ticketId, code: 'TKT-000007', creatorId: world.manager.id, assigneeId: world.alice.id };
    expect((await read('limit=6')).map(({ at, act, actorId, details }) => [at, act, actorId, details])).toEqual(
      [
        ['ticket-created', { ...gist, assigneeId: null, type: 'complaint', priority: 'high', summary: '机器停了' }],
        ['ticket-assigned', gist],
        ['ticket-handled', { ...gist, handling: '换了零件' }],
        ['ticket-returned', { ...gist, round: 1, result: 'Again', satisfaction: 1 }],
        ['ticket-handled', { ...gist, handling: '换了零件' }],
        ['ticket-archived', { ...gist, result: '好', satisfaction: 5 }],
      ]
        .map(([act, details], day) => [`2030-01-0${day + 1}T00:00:00.000Z`, act, world.alice.id, details])
        .toReversed(),
    );
  });

  it('SVC-5, SVC-7: a ticket that is moved to another customer leaves one timeline for the other', async () => {
    const other = (await as('alice').post('/api/v1/customers').send({ name: 'Other' })).body as Json;
    const ticket = ticketOf();
    const { ticketId, code } = ticket;
    const moved = { ...ticket, customerId: other.id as string };
    const assigned = { ...moved, status: 'assigned' as const, assigneeId: world.alice.id };
    await world.service.deliver(
      TicketCreated.of(ticketId, ticket),
      TicketUpdated.of(ticketId, { ...ticket, summary: 'Same customer' }),
      TicketUpdated.of(ticketId, moved),
      TicketAssigned.of(ticketId, assigned),
      TicketUpdated.of(ticketId, { ...assigned, customerId: customer.id as string }),
      TicketUpdated.of(ticketId, assigned),
      TicketWithdrawn.of(ticketId, { ticketId, code }),
    );
    const actsOf = async (of: string) =>
      (await read('', world.manager, of))
        .map(({ act, details }) => (act === 'ticket-moved' ? details.to : act))
        .toReversed();
    const [here, there] = [customer.id, other.id];
    expect(await actsOf(path)).toEqual(['created', 'ticket-created', there, here, there]);
    expect(await actsOf(`/api/v1/customers/${there}`)).toEqual([
      'created',
      there,
      'ticket-assigned',
      here,
      there,
      'ticket-withdrawn',
    ]);
    expect(await last(`/api/v1/customers/${there}`)).toMatchObject({ details: { ticketId, code } });
  });

  it('SVC-7, CUS-6: a ticket that follows a merge stays on the timeline that it has, which the survivor shows', async () => {
    const survivor = (await as('alice').post('/api/v1/customers').send({ name: 'Survivor' })).body as Json;
    const ticket = ticketOf();
    const { ticketId } = ticket;
    await world.service.deliver(TicketCreated.of(ticketId, ticket));
    const other = (await as('alice').post('/api/v1/customers').send({ name: 'Other' })).body as Json;
    const movesOf = async (id: string, intoId: string): Promise<Json> => {
      const preview = await as('manager').post(`/api/v1/customers/${id}/merge-preview`).send({ intoId }).expect(200);
      return preview.body.moves.find(({ kind }: Json) => kind === 'ticket');
    };
    const one = { kind: 'ticket', count: 1, samples: [{ id: ticketId, label: ticket.code }] };
    expect(await movesOf(customer.id as string, survivor.id as string)).toEqual(one);
    expect(await movesOf(survivor.id as string, other.id as string)).toMatchObject({ count: 0 });
    const { 'ticket.read': _right, ...rights } = world.manager.rights;
    const blind = world.service.as({ ...world.manager, rights });
    const { moves } = (await blind.post(`${path}/merge-preview`).send({ intoId: other.id }).expect(200)).body;
    expect(moves.find(({ kind }: Json) => kind === 'ticket')).toEqual({ ...one, samples: [] });
    await as('manager').post(`${path}/merge`).send({ intoId: survivor.id }).expect(200);
    const follows = { ...ticket, customerId: survivor.id as string, previousCustomerId: customer.id as string };
    await world.service.deliver(
      TicketMoved.of(ticketId, follows),
      TicketAssigned.of(ticketId, { ...follows, status: 'assigned', assigneeId: world.alice.id }),
    );
    const tickets = await read(
      'act=ticket-created,ticket-moved,ticket-assigned',
      world.manager,
      `/api/v1/customers/${survivor.id}`,
    );
    expect(tickets.map(({ act }) => act)).toEqual(['ticket-assigned', 'ticket-created']);
    expect(await movesOf(survivor.id as string, other.id as string)).toEqual(one);
    await world.service.deliver(
      TicketMoved.of(ticketId, {
        ...follows,
        customerId: other.id as string,
        previousCustomerId: survivor.id as string,
      }),
    );
    expect(await movesOf(survivor.id as string, other.id as string)).toMatchObject({ count: 0 });
    expect(await movesOf(other.id as string, survivor.id as string)).toEqual(one);
    await world.service.deliver(TicketWithdrawn.of(ticketId, { ticketId, code: ticket.code }));
    expect(await movesOf(other.id as string, survivor.id as string)).toMatchObject({ count: 0 });
  });

  it('EVT-4: a ticket of a customer that nobody knows holds nothing up', async () => {
    const lost = ticketOf({ customerId: v7() });
    const known = ticketOf();
    await world.service.deliver(
      TicketCreated.of(lost.ticketId, lost),
      TicketWithdrawn.of(lost.ticketId, { ticketId: lost.ticketId, code: lost.code }),
      TicketCreated.of(known.ticketId, known),
    );
    expect(await last()).toMatchObject({ act: 'ticket-created', details: { ticketId: known.ticketId } });
    expect(await world.service.query('SELECT FROM dead_letter')).toEqual([]);
  });

  it('CUS-2: tells of deletion and restoration, and is gone in between', async () => {
    await as('manager').delete(path).expect(204);
    await as('manager').get(`${path}/timeline`).expect(404);
    await as('manager').post(`${path}/restore`).expect(200);
    expect(await acts()).toEqual(['restored', 'deleted', 'created']);
  });

  it('CUS-4: one paged list, newest first, by code too, filtered by act and time', async () => {
    for (const name of ['A', 'B', 'C', 'D']) await as('alice').post(`${path}/contacts`).send({ name }).expect(201);
    await as('alice').patch(path).send({ phone: '1' }).expect(200);
    const whole = await read();
    expect(whole.map(({ act, details }) => details.name ?? act)).toEqual(['edited', 'D', 'C', 'B', 'A', 'ACME']);
    const seen: TimelineEntry[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor ? `&cursor=${cursor}` : '';
      const { body } = await as('bob').get(`/api/v1/customers/${customer.code}/timeline?limit=2&count=true${more}`);
      expect(body.total).toBe(6);
      seen.push(...(body.items as TimelineEntry[]));
      cursor = body.nextCursor as string | null;
    } while (cursor);
    expect(seen).toEqual(whole);
    expect(await read('sort=at')).toEqual(whole.toReversed());
    expect(await acts('act=created,edited')).toEqual(['edited', 'created']);
    expect(await acts(`at[lt]=${whole.at(-2)!.at}`)).toEqual(['created']);
    for (const query of ['act[gte]=x', 'sort=act', 'kind=x', 'limit=0'])
      await as('bob').get(`${path}/timeline?${query}`).expect(400);
    await as('bob').get(`/api/v1/customers/${v7()}/timeline?limit=0`).expect(404);
  });

  it('AUT-6: acts on orders, tickets and churn alerts are told to those who may read these', async () => {
    const ticket = ticketOf({ creatorId: world.bob.id });
    await world.service.deliver(TicketCreated.of(ticket.ticketId, ticket));
    await feedAs(world, 'orders', [orderOf(k)]);
    await world.service.query(
      `INSERT INTO customer_history (customer_id, at, act, details) VALUES ($1, now(), 'churn-alert-raised', '{}')`,
      [customer.id],
    );
    const all = ['churn-alert-raised', 'order-recorded', 'ticket-created', 'created'].sort();
    const seen = async (actor: Actor, over: Actor['rights'] = {}) =>
      (await acts('', { ...actor, rights: { ...actor.rights, ...over } })).sort();
    expect(await seen(world.manager)).toEqual(all);
    // Their own customer's alerts only (CHU-5).
    expect(await seen(world.alice)).toEqual(all);
    expect(await seen(world.bob)).toEqual(['created', 'order-recorded', 'ticket-created']);
    const narrow = { 'order.read': 'own', 'ticket.read': 'own' } as const;
    expect(await seen(world.alice, narrow)).toEqual(['churn-alert-raised', 'created', 'order-recorded']);
    expect(await seen(world.bob, narrow)).toEqual(['created', 'ticket-created']);
    expect(
      await seen(world.bob, { 'order.read': undefined, 'ticket.read': undefined, 'churn.read': undefined }),
    ).toEqual(['created']);
    const executive = await world.service.person('executive', k('executive'));
    await world.service.as(executive).get(`${path}/timeline`).expect(403);
    const stranger = { ...world.bob, rights: { ...world.bob.rights, 'customer.read': 'own' as const } };
    await world.service.as(stranger).get(`${path}/timeline`).expect(404);
  });
});

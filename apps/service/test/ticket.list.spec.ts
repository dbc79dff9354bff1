import { CustomerCreated, CustomerUpdated, type TicketView } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { customerFacts, startWorld, TICKETS, type World } from './world.js';

let world: World;
const tickets: TicketView[] = [];

beforeAll(async () => {
  world = await startWorld();
  const alice = world.service.as(world.people.alice);
  const inputs = [
    { summary: '发动机 异响', request: '客户说发动机有异响', type: 'complaint', priority: 'urgent' },
    { summary: 'Invoice copy', request: 'Needs a copy of INV-2024-77', type: 'consultation' },
    { summary: '100% refund', request: 'Under_score and \\ back', type: 'complaint' },
    { summary: 'Colour chart', request: 'Wants the new ＣＡＴＡＬＯＧＵＥ', type: 'suggestion', priority: 'low' },
    { summary: 'Engine noise', request: 'Rattles when cold', type: 'complaint' },
  ];
  for (const input of inputs) {
    const answer = await alice
      .post(TICKETS)
      .send({ customerId: world.customer.customerId, ...input })
      .expect(201);
    tickets.push(answer.body);
  }
  const manager = world.service.as(world.people.manager);
  await manager.post(`${TICKETS}/${tickets[4]!.id}/assign`).send({ assigneeId: world.people.bob.id });
  const bob = world.service.as(world.people.bob);
  await bob.post(`${TICKETS}/${tickets[4]!.id}/handle`).send({ handling: '更换了正时链条 (timing chain)' });
});
afterAll(() => world?.service.stop());

/** The summaries that a list answers, newest first. */
async function found(query: object): Promise<string[]> {
  const answer = await world.service.as(world.people.manager).get(TICKETS).query(query);
  expect(answer).toMatchObject({ status: 200 });
  return answer.body.items.map(({ summary }: TicketView) => summary);
}

describe('the list of tickets', () => {
  it.each([
    ['two Chinese characters', '异响', ['发动机 异响']],
    ['across a blank, which counts for nothing', '机异响', ['发动机 异响']],
    ['one character', '响', ['发动机 异响']],
    [
      'one character of the handling, in another case and width',
      'Ｔ',
      ['Engine noise', 'Colour chart', '100% refund', 'Invoice copy', '发动机 异响'],
    ],
    ['one sign', '%', ['100% refund']],
    ['what the index has for several tickets but not side by side', '动响', []],
    ['the handling', '正时链条', ['Engine noise']],
    ['any case and width', 'ｃａｔａlogue', ['Colour chart']],
    ['hyphens ignored', 'inv202477', ['Invoice copy']],
    ['a per cent sign means itself', '0%', ['100% refund']],
    ['an underscore means itself', 'r_s', ['100% refund']],
    ['a backslash means itself', '\\', ['100% refund']],
    ['nothing that starts in one field and ends in the next', 'noiserattles', []],
  ])('finds by q: %s', async (_what, q, expected) => {
    expect(await found({ q })).toEqual(expected);
  });

  it('finds by number', async () => {
    expect(await found({ q: tickets[2]!.code.toLowerCase() })).toEqual(['100% refund']);
  });

  it('filters by status, type, priority, people, customer and time', async () => {
    const { alice, bob } = world.people;
    expect(await found({ status: 'handled' })).toEqual(['Engine noise']);
    expect(await found({ type: 'complaint', status: 'created' })).toEqual(['100% refund', '发动机 异响']);
    expect(await found({ priority: 'low,urgent' })).toEqual(['Colour chart', '发动机 异响']);
    expect(await found({ assigneeId: bob.id })).toEqual(['Engine noise']);
    expect(await found({ assigneeId: alice.id })).toEqual([]);
    expect(await found({ creatorId: alice.id, q: 'engine' })).toEqual(['Engine noise']);
    expect(await found({ customerId: world.strangerId })).toEqual([]);
    expect(await found({ 'createdAt[gte]': tickets[3]!.createdAt })).toEqual(['Engine noise', 'Colour chart']);
    expect(await found({ 'handledAt[gte]': '2000-01-01' })).toEqual(['Engine noise']);
    expect(await found({ 'archivedAt[gte]': '2000-01-01' })).toEqual([]);
  });

  it('filters by the customer’s name, which follows a rename', async () => {
    const facts = customerFacts('Königlich Essen');
    await world.service.deliver(CustomerCreated.of(facts.customerId, facts));
    const input = { type: 'complaint', summary: 'Cold soup', request: 'x', customerId: facts.customerId };
    const { body } = await world.service.as(world.people.alice).post(TICKETS).send(input).expect(201);
    expect(await found({ customerName: 'KÖNIGLICH' })).toEqual(['Cold soup']);
    await world.service.deliver(CustomerUpdated.of(facts.customerId, { ...facts, name: '王府饭店 Grill' }));
    expect(await found({ customerName: 'königlich' })).toEqual([]);
    for (const customerName of ['王府', '王', '饭店 gr', 'i'])
      expect(await found({ customerName, type: 'complaint', q: 'cold soup' })).toEqual(['Cold soup']);
    expect(await found({ customerName: '店 饭' })).toEqual([]);
    await world.service.as(world.people.alice).delete(`${TICKETS}/${body.id}`).expect(204);
  });

  it('filters by satisfaction and by when something happened, which has not happened to all', async () => {
    const { bob } = world.people;
    const act = (name: string, body: object) =>
      world.service.as(bob).post(`${TICKETS}/${tickets[4]!.id}/${name}`).send(body).expect(200);
    await act('feedback', { result: 'Louder', satisfaction: 2 });
    expect(await found({ satisfaction: '1,2' })).toEqual(['Engine noise']);
    expect(await found({ 'satisfaction[lte]': 2 })).toEqual(['Engine noise']);
    expect(await found({ satisfaction: 0 })).toEqual([]);
    expect(await found({ 'handledAt[lt]': '2100-01-01' })).toEqual(['Engine noise']);
    expect(await found({ 'assignedAt[lte]': '2100-01-01' })).toEqual(['Engine noise']);
    expect(await found({ 'archivedAt[lte]': '2100-01-01' })).toEqual([]);
  });

  it.each([
    ['priority', ['Colour chart', 'Invoice copy', '100% refund', 'Engine noise', '发动机 异响']],
    ['assignedAt', ['发动机 异响', 'Invoice copy', '100% refund', 'Colour chart', 'Engine noise']],
    ['handledAt', ['发动机 异响', 'Invoice copy', '100% refund', 'Colour chart', 'Engine noise']],
    ['satisfaction', ['发动机 异响', 'Invoice copy', '100% refund', 'Colour chart', 'Engine noise']],
    ['archivedAt', ['发动机 异响', 'Invoice copy', '100% refund', 'Colour chart', 'Engine noise']],
  ])('sorts by %s, what has none first, page by page', async (field, expected) => {
    for (const [sort, order] of [
      [field, expected],
      [`-${field}`, expected.toReversed()],
    ] as const) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const answer = await world.service
          .as(world.people.manager)
          .get(TICKETS)
          .query({ sort, limit: 2, ...(cursor && { cursor }) });
        expect(answer.status).toBe(200);
        seen.push(...answer.body.items.map(({ summary }: TicketView) => summary));
        cursor = answer.body.nextCursor ?? undefined;
      } while (cursor);
      expect(seen).toEqual(order);
    }
  });

  it('pages without repeating or skipping, whichever way round', async () => {
    const manager = world.service.as(world.people.manager);
    for (const sort of ['createdAt', '-createdAt']) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const { body } = await manager.get(TICKETS).query({ sort, limit: 2, count: true, ...(cursor && { cursor }) });
        expect(body.total).toBe(5);
        seen.push(...body.items.map(({ id }: TicketView) => id));
        cursor = body.nextCursor ?? undefined;
      } while (cursor);
      const expected = tickets.map(({ id }) => id);
      expect(seen).toEqual(sort === 'createdAt' ? expected : expected.toReversed());
    }
  });

  it.each([
    { sort: 'summary' },
    { colour: 'red' },
    { 'status[gte]': 'created' },
    { limit: 201 },
    { customerId: '1' },
    { satisfaction: '3.5' },
  ])('refuses %j with 400', async (query) => {
    const answer = await world.service.as(world.people.manager).get(TICKETS).query(query);
    expect(answer).toMatchObject({ status: 400, body: { type: '/problems/validation-failed' } });
  });
});

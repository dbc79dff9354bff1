import type { SimilarTicket, TicketView } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { type Desk, deskOf, type Person, problem, startWorld, TICKETS, type World } from './world.js';

let world: World;
let desk: Desk;
const archived: Record<string, TicketView> = {};
beforeAll(async () => {
  world = await startWorld();
  desk = deskOf(world);
  const solved: [name: string, summary: string, request: string, handling: string][] = [
    ['network', '打印机连接不上网络', '办公室的打印机连不上无线网络', '重新配置了打印机的无线网卡驱动'],
    ['paper', '打印机卡纸', '打印机每打两页就卡纸', '更换了搓纸轮'],
    ['invoice', '发票抬头错误', '客户要求重开发票', '已作废并重开'],
    ['engine', 'Engine rattles when cold', 'The engine makes a noise on cold mornings', 'Replaced the timing chain'],
    ['delivery', 'Deliveries arrive late', 'Two deliveries of pump X200 were late', 'Changed the carrier'],
  ];
  for (const [name, summary, request, handling] of solved)
    archived[name] = await archive(await desk.create({ summary, request }), handling);
});
afterAll(() => world?.service.stop());

async function archive(ticket: TicketView, handling: string, person: Person = 'alice'): Promise<TicketView> {
  await desk.assign(ticket, person);
  await desk.done(person, ticket, 'handle', { handling });
  return desk.done(person, ticket, 'feedback', { result: 'Content', satisfaction: 5 });
}
async function similar(path: string, query: object = {}, person: Person = 'bob'): Promise<SimilarTicket[]> {
  const { body } = await desk.as(person).get(`${TICKETS}/${path}`).query(query).expect(200);
  expect(body).toMatchObject({ items: expect.any(Array), nextCursor: null });
  return body.items;
}
const summaries = (tickets: SimilarTicket[]) => tickets.map(({ summary }) => summary);

describe('archived tickets', () => {
  it('SVC-6: are read-only for everybody', async () => {
    const ticket = archived.invoice!;
    for (const person of ['alice', 'admin'] as const) {
      const client = desk.as(person);
      expect(await client.patch(`${TICKETS}/${ticket.id}`).send({ summary: 'x' })).toMatchObject(
        problem('read-only', 409, { state: 'archived', allowed: [], errors: [{ path: 'summary' }] }),
      );
      expect(await client.delete(`${TICKETS}/${ticket.id}`)).toMatchObject(problem('illegal-transition', 409));
      for (const [act, body] of [
        ['handle', { handling: 'x' }],
        ['feedback', { result: 'x', satisfaction: 1 }],
      ] as const)
        expect(await desk.act(person, ticket, act, body)).toMatchObject(
          problem('illegal-transition', 409, { state: 'archived', allowed: [] }),
        );
    }
    expect(await desk.act('manager', ticket, 'assign', { assigneeId: world.people.bob.id })).toMatchObject({
      status: 409,
    });
    expect((await desk.as('alice').get(`${TICKETS}/${ticket.id}`)).body).toEqual(ticket);
  });

  it.each([
    ['搓纸轮', 'paper'],
    ['纸', 'paper'],
    ['TIMING chain', 'engine'],
  ])('SVC-6: are found by any part of what was asked and done: %s', async (q, name) => {
    const { body } = await desk.as('bob').get(TICKETS).query({ status: 'archived', q }).expect(200);
    expect(body.items).toEqual([archived[name]]);
  });

  it('SVC-6: the closest ones are suggested on a new ticket, with their solutions', async () => {
    const ticket = await desk.create({ summary: '打印机无法连接无线网络', request: '换了路由器以后打印机就不能用了' });
    for (const path of [ticket.id, ticket.code]) {
      const [first, second, ...others] = await similar(`${path}/similar`);
      expect(first).toEqual({ ...archived.network, score: expect.any(Number) });
      expect(second).toMatchObject({ summary: '打印机卡纸', handling: '更换了搓纸轮' });
      expect(others).toEqual([]);
      expect(first!.score).toBeGreaterThan(second!.score);
      for (const { score } of [first!, second!]) expect(score).toBeGreaterThan(0);
      expect(first!.score).toBeLessThanOrEqual(1);
    }
    expect(summaries(await similar(`${ticket.id}/similar`, { limit: 1 }))).toEqual(['打印机连接不上网络']);
  });

  it('SVC-6: in every state there are suggestions, of archived tickets only and never the ticket itself', async () => {
    const text = { summary: 'Late delivery of pump X200', request: 'It was late' };
    const ticket = await desk.create(text);
    const found = async () => summaries(await similar(`${ticket.id}/similar`));
    expect(await found()).toEqual(['Deliveries arrive late']);
    await desk.assign(await desk.create(text));
    await desk.assign(ticket);
    expect(await found()).toEqual(['Deliveries arrive late']);
    await desk.done('alice', ticket, 'handle', { handling: 'Apologised' });
    await desk.done('alice', ticket, 'feedback', { result: 'Thanks', satisfaction: 4 });
    expect(await found()).toEqual(['Deliveries arrive late']);
    expect(summaries(await similar('similar', { text: text.summary }))).toEqual([
      'Late delivery of pump X200',
      'Deliveries arrive late',
    ]);
  });

  it.each([
    ['Chinese words anywhere in the text', '我的打印机卡纸了', ['打印机卡纸', '打印机连接不上网络']],
    ['words in any order, in what was asked and in what was done', '网卡 打印机', ['打印机连接不上网络', '打印机卡纸']],
    ['full-width letters', 'ＥＮＧＩＮＥ', ['Engine rattles when cold']],
    ['another form of an English word', 'replacing chains', ['Engine rattles when cold']],
    ['a model', 'x200', ['Late delivery of pump X200', 'Deliveries arrive late']],
    ['both languages', '发票 engine', ['Engine rattles when cold', '发票抬头错误']],
    ['nothing but words that say nothing', 'what was it, and when?', [] as string[]],
    ['nothing but signs', '!? …', [] as string[]],
    ['nothing in common', 'zebra', [] as string[]],
  ])('SVC-6: found by a text before there is a ticket: %s', async (_what, text, expected) => {
    expect(summaries(await similar('similar', { text }))).toEqual(expected);
  });

  it('SVC-6: who sees their own tickets only is shown no others', async () => {
    const bob = world.service.as({ ...world.people.bob, rights: { 'ticket.read': 'own' } });
    const found = async () =>
      summaries((await bob.get(`${TICKETS}/similar`).query({ text: '传送带 打印机' })).body.items);
    expect(await found()).toEqual([]);
    await archive(await desk.create({ summary: '传送带打滑' }), '张紧', 'bob');
    expect(await found()).toEqual(['传送带打滑']);
    expect((await bob.get(`${TICKETS}/${archived.paper!.id}/similar`)).status).toBe(404);
  });

  it('AUT-6, ALL-1: the suggestions are refused like the tickets themselves', async () => {
    const path = `${TICKETS}/${archived.paper!.id}/similar`;
    for (const address of [path, `${TICKETS}/similar?text=x`])
      expect(await desk.as('sysadmin').get(address)).toMatchObject(problem('forbidden', 403));
    expect(await desk.as('bob').get(`${TICKETS}/${v7()}/similar`)).toMatchObject(problem('not-found', 404));
    for (const query of ['limit=0', 'limit=51', 'limit=x', 'limit=1&limit=2', 'text=x', 'q=x'])
      expect(await desk.as('bob').get(`${path}?${query}`)).toMatchObject(problem('validation-failed', 400));
    for (const [query, field] of [
      ['', 'text'],
      ['text=%20', 'text'],
      ['text=%00', 'text'],
      [`text=${'x'.repeat(1001)}`, 'text'],
      ['text=x&limit=51', 'limit'],
    ] as const)
      expect(await desk.as('bob').get(`${TICKETS}/similar?${query}`)).toMatchObject(
        problem('validation-failed', 400, { errors: [{ path: field }] }),
      );
  });
});

import { ASSERTION_HEADER } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startWorld, type Json, type World } from './customer.fixture.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

/** Sends bytes as they are, which a client that knows JSON would not. */
async function send(
  body: string | Uint8Array<ArrayBuffer> | undefined,
  { method = 'POST', path = '/customers', ...headers }: Record<string, string> = {},
): Promise<{ status: number; problem: Json }> {
  const { service, alice } = world;
  const answer = await fetch(`${service.url}/api/v1${path}`, {
    method,
    body,
    headers: {
      [ASSERTION_HEADER]: service.gateway.assertion('customer', alice),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  });
  return { status: answer.status, problem: (await answer.json()) as Json };
}
const nested = (levels: number) => `{"name":${'['.repeat(levels)}1${']'.repeat(levels)}}`;

describe('the body of a request', () => {
  it('ALL-1: nested 10,000 levels deep is a 400, also beside an Idempotency-Key', async () => {
    for (const body of [
      nested(10_000),
      '['.repeat(10_000),
      nested(10_000).replaceAll('[', '{"a":').replaceAll(']', '}'),
    ])
      for (const headers of [{}, { 'idempotency-key': v7() }] as Record<string, string>[])
        expect(await send(body, headers)).toMatchObject({
          status: 400,
          problem: { type: '/problems/malformed-request', detail: expect.stringContaining('levels') },
        });
    expect(await send(nested(90), { 'idempotency-key': v7() })).toMatchObject({
      status: 400,
      problem: { type: '/problems/validation-failed', errors: [{ path: 'name' }] },
    });
    expect(await send(JSON.stringify({ name: '[{"'.repeat(33) }))).toMatchObject({ status: 201 });
  });

  it.each([
    ['a byte that is never there', [0xff]],
    ['half a character', [0xe4, 0xb8]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a letter of Latin-1', [0xe9]],
  ])('ALL-1: %s is no UTF-8 and a 400', async (_, bytes) => {
    const body = new Uint8Array(Buffer.concat([Buffer.from('{"name":"A'), Buffer.from(bytes), Buffer.from('"}')]));
    expect(await send(body)).toMatchObject({
      status: 400,
      problem: { type: '/problems/malformed-request', detail: expect.stringContaining('UTF-8') },
    });
  });

  it.each(['{bad', '{"name":"A"', '{"__proto__":1}', 'null,'])('ALL-1: %s is said to be no JSON', async (body) => {
    expect(await send(body, { 'accept-language': 'zh-CN' })).toMatchObject({
      status: 400,
      problem: { type: '/problems/malformed-request', detail: '无法解析请求:请求体不是可接受的 JSON。' },
    });
  });

  it.each([
    ['application/json; charset=iso-8859-1', 415],
    ['application/json;charset="GBK"', 415],
    ['text/plain', 415],
    ['application/json; charset=UTF-8', 201],
    ['application/json', 201],
  ])('api: the content type %s is answered with %d', async (type, status) => {
    const answer = await send('{"name":"上海贸易"}', { 'content-type': type });
    expect(answer.status).toBe(status);
    expect(answer.problem).toMatchObject(
      status === 201 ? { name: '上海贸易' } : { type: '/problems/unsupported-media-type' },
    );
  });

  it('ALL-1: missing or null is a 400 where one is needed', async () => {
    const { body } = await world.service.as(world.alice).post('/api/v1/customers').send({ name: 'A' }).expect(201);
    for (const [method, path] of [
      ['POST', '/customers'],
      ['PATCH', `/customers/${body.id}`],
      ['POST', `/customers/${body.id}/contacts`],
    ] as const)
      for (const nothing of [undefined, '', 'null', '[]', '1'])
        expect([nothing, await send(nothing, { method, path })]).toMatchObject([nothing, { status: 400 }]);
  });
});

describe('messages', () => {
  const chinese = /\p{Script=Han}/u;
  const bad = {
    name: ' ',
    phone: 'call me',
    website: 'javascript:alert(1)',
    remarks: 'x'.repeat(2001),
    satisfaction: 6,
    colour: 'red',
    tags: ['\u0001'],
  };

  it.each([
    ['en', 'en-GB,en;q=0.9'],
    ['zh', 'zh-CN,zh;q=0.9'],
  ])('ALL-1: are in the language %s of the reader alone', async (language, header) => {
    const as = (path: string) => world.service.as(world.alice).get(path).set('accept-language', header).expect(400);
    const answers = [
      (await send(JSON.stringify(bad), { 'accept-language': header })).problem,
      (await send(JSON.stringify({ name: 'A', region: 'atlantis' }), { 'accept-language': header })).problem,
      (await send('{"name":"\\u0000"}', { 'accept-language': header })).problem,
      (await as('/api/v1/customers?limit=0&sort=phone&satisfaction=1.5&colour=red&count=1')).body as Json,
    ];
    const errors = answers.flatMap((answer) => answer.errors as { path: string; message: string }[]);
    expect(answers[0]!.errors.map(({ path }: Json) => path).sort()).toEqual([
      'colour',
      'name',
      'phone',
      'remarks',
      'satisfaction',
      'tags.0',
      'website',
    ]);
    for (const { path, message } of errors) {
      expect([path, message]).toEqual([path, expect.not.stringContaining(' · ')]);
      expect([path, message, chinese.test(message)]).toEqual([path, message, language === 'zh']);
    }
    for (const { title, detail } of answers)
      for (const text of [title, detail]) expect([text, chinese.test(text)]).toEqual([text, language === 'zh']);
    expect((await send('{"name":"\xe9', { 'accept-language': header })).problem.detail).not.toContain(' · ');
  });
});

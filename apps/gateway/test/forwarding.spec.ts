import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { jobIdOf } from '#contracts';
import { importJWK, jwtVerify } from 'jose';
import { request } from 'undici';
import { v7 } from 'uuid';
import { eventually, GatewayFixture } from './gateway.fixture.js';
import { json } from './upstream.server.js';

describe.each([
  ['to services of other processes', false],
  ['to services of its own process', true],
])('the gateway forwards %s', (_where, together) => {
  let gateway: GatewayFixture;
  let token: string;

  beforeAll(async () => {
    gateway = await GatewayFixture.start({}, 1, together);
    token = await gateway.token(gateway.manager);
  });
  afterAll(() => gateway.stop());
  afterEach(() => {
    gateway.forgetReceived();
    gateway.marketing.answers((received, response) => json(response, 200, { url: received.url, body: received.body }));
  });

  it('AUT-6: a known route with the right, path and query unchanged, under a signed assertion', async () => {
    const answer = await gateway.call('/api/v1/opportunities?status=won,lost&createdAt[gte]=2026-01-01', { token });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const [received] = gateway.marketing.received;
    expect(received!.url).toBe('/api/v1/opportunities?status=won,lost&createdAt[gte]=2026-01-01');
    expect(received!.headers['x-request-id']).toBe(answer.headers.get('x-request-id'));
    const { payload } = await jwtVerify(
      String(received!.headers['x-crm-assertion']),
      await importJWK(gateway.assertionKey, 'EdDSA'),
      {
        issuer: 'crm-gateway',
        audience: 'marketing',
        typ: 'crm-assertion+jwt',
        maxTokenAge: 60,
      },
    );
    expect(payload).toMatchObject({ sub: gateway.manager.id, name: 'manager', kind: 'user', sid: expect.any(String) });
    expect(payload.rights).toEqual({
      'opportunity.read': 'all',
      'opportunity.create': 'all',
      'opportunity.import': 'all',
      'opportunity.update': 'all',
      'opportunity.delete': 'all',
      'opportunity.assign': 'all',
    });
    expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(60);
  });

  it('AUT-6: refuses without token, without right, and what no policy names; nothing reaches a service', async () => {
    const alice = await gateway.token(gateway.alice);
    const refusals = await Promise.all([
      gateway.call('/api/v1/opportunities'),
      gateway.call('/api/v1/nowhere'),
      gateway.call('/api/v1/nowhere', { token }),
      gateway.call('/api/v1/internal/access', { token }),
      gateway.call('/api/v1/opportunities/x/assign', { method: 'POST', token: alice }),
      gateway.call('/elsewhere'),
    ]);
    expect(refusals.map(({ status }) => status)).toEqual([401, 401, 404, 404, 403, 404]);
    const problems = (await Promise.all(refusals.map((answer) => answer.json()))) as { type: string; detail: string }[];
    expect(problems.map(({ type }) => type)).toEqual(
      ['unauthenticated', 'unauthenticated', 'route-not-found', 'route-not-found', 'forbidden', 'route-not-found'].map(
        (code) => `/problems/${code}`,
      ),
    );
    expect(problems[4]!.detail).toContain('opportunity.assign');
    for (const { headers } of refusals) {
      expect(headers.get('content-type')).toContain('application/problem+json');
      expect(headers.get('x-request-id')).toBeTruthy();
      expect(headers.get('traceparent')).toBeTruthy();
    }
    expect(gateway.received).toEqual([]);
  });

  it('finds a job in the service that runs it, by its id alone', async () => {
    const ids = { marketing: jobIdOf('marketing', v7()), customer: jobIdOf('customer', v7()) };
    for (const service of ['marketing', 'customer'] as const) {
      const url = `/api/v1/jobs/${ids[service]}`;
      expect((await gateway.call(url, { token })).status).toBe(200);
      expect((await gateway.call(`${url}/undo`, { token, method: 'POST' })).status).toBe(200);
      expect(gateway.upstreams[service].received.map((received) => received.url)).toEqual([url, `${url}/undo`]);
      const { payload } = await jwtVerify(
        String(gateway.upstreams[service].received[0]!.headers['x-crm-assertion']),
        await importJWK(gateway.assertionKey, 'EdDSA'),
      );
      expect(payload.aud).toBe(service);
    }
    gateway.forgetReceived();
    for (const id of [jobIdOf('auth', v7()), `${v7().slice(0, -1)}f`, 'x']) {
      const answer = await gateway.call(`/api/v1/jobs/${id}`, { token });
      expect([answer.status, await answer.json()]).toEqual([
        404,
        expect.objectContaining({ type: '/problems/not-found' }),
      ]);
    }
    expect((await gateway.call(`/api/v1/jobs/${ids.customer}`)).status).toBe(401);
    expect(gateway.received).toEqual([]);
  });

  it('answers 405 with the methods that an address has', async () => {
    const answer = await gateway.call('/api/v1/opportunities', { method: 'DELETE', token });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('ALL-1: says problems in the language of the client', async () => {
    const answer = await gateway.call('/api/v1/opportunities', {
      headers: { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.5' },
    });
    const problem = (await answer.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ title: '需要有效的访问令牌', status: 401, instance: '/api/v1/opportunities' });
    expect(answer.headers.get('traceparent')).toContain(String(problem.traceId));
  });

  it('public routes need no token and carry an anonymous assertion and the client address', async () => {
    const answer = await gateway.call('/api/v1/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"username":"a","password":"b"}',
    });
    expect(answer.status).toBe(200);
    const [received] = gateway.upstreams.auth.received;
    expect(received).toMatchObject({ url: '/api/v1/auth/login', body: '{"username":"a","password":"b"}' });
    expect(received!.headers['x-crm-client-address']).toBe('127.0.0.1');
    const { payload } = await jwtVerify(
      String(received!.headers['x-crm-assertion']),
      await importJWK(gateway.assertionKey, 'EdDSA'),
    );
    expect(payload).toMatchObject({ kind: 'anonymous', sub: '00000000-0000-0000-0000-000000000000', rights: {} });
  });

  it('AUT-3: who must change the password may do only that', async () => {
    const newcomer = await gateway.token(gateway.newcomer);
    expect((await gateway.call('/api/v1/auth/me', { token: newcomer })).status).toBe(200);
    const refused = await gateway.call('/api/v1/opportunities', { token: newcomer });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ type: '/problems/password-change-required' });
  });

  it('bodies: 415 for another type, 413 over the limit, JSON goes through whole', async () => {
    const post = async (body: RequestInit['body'], type?: string) => {
      const answer = await gateway.call('/api/v1/opportunities', {
        method: 'POST',
        token,
        headers: type ? { 'content-type': type } : {},
        body,
        ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
      });
      return { status: answer.status, body: await answer.json() };
    };
    expect((await post('a=1', 'application/x-www-form-urlencoded')).status).toBe(415);
    expect((await post(Buffer.from('{}'))).status).toBe(415);
    const endless = ReadableStream.from(
      (async function* () {
        for (let i = 0; i < 40; i++) yield Buffer.alloc(64 * 1024, 'y');
      })(),
    );
    const tooLong = await post(endless as never, 'application/json');
    expect(tooLong.status).toBe(413);
    expect(tooLong.body).toMatchObject({ type: '/problems/payload-too-large' });
    expect(gateway.received).toEqual([]);

    const big = JSON.stringify({ text: 'z'.repeat(900_000) });
    expect((await post(big, 'application/json; charset=utf-8')).status).toBe(200);
    expect(gateway.marketing.received.at(-1)!.body).toBe(big);
    expect((await post('{"small":1}', 'application/json')).status).toBe(200);
    expect(gateway.marketing.received.at(-1)!.body).toBe('{"small":1}');
  });

  it('answers pass with their status, ETag and Location; cookies and hop headers of a service do not', async () => {
    gateway.marketing.answers((_received, response) =>
      json(
        response,
        201,
        { id: '1' },
        { etag: '"1"', location: '/api/v1/opportunities/1', 'set-cookie': 'a=b', 'x-crm-internal': 'x', server: 's' },
      ),
    );
    const answer = await gateway.call('/api/v1/opportunities', {
      method: 'POST',
      token,
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k1' },
      body: '{}',
    });
    expect(answer.status).toBe(201);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      etag: '"1"',
      location: '/api/v1/opportunities/1',
      'cache-control': 'no-store',
    });
    for (const name of ['set-cookie', 'x-crm-internal', 'server']) expect(answer.headers.get(name)).toBeNull();
    expect(gateway.marketing.received[0]!.headers['idempotency-key']).toBe('k1');
  });

  it('an act without a body stays without one, whatever type the client claims', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await gateway.call('/api/v1/opportunities/x/assign', { method: 'POST', token, headers })).status).toBe(200);
    const [received] = gateway.marketing.received;
    const { 'content-type': type, 'content-length': length } = received!.headers;
    expect([type, length, received!.body]).toEqual([undefined, together ? undefined : '0', '']);
  });

  it('HEAD has the headers of GET and no body', async () => {
    const answer = await gateway.call('/api/v1/opportunities', { method: 'HEAD', token });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(gateway.marketing.received[0]!.method).toBe('HEAD');
  });

  it('a large answer arrives whole at a slow reader', async () => {
    const part = 'p'.repeat(256 * 1024);
    gateway.marketing.answers((_received, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (let i = 0; i < 64; i++) response.write(part);
      response.end();
    });
    const { body } = await request(`${gateway.url}/api/v1/opportunities`, {
      headers: { authorization: `Bearer ${token}` },
    });
    let size = 0;
    for await (const chunk of body) {
      size += (chunk as Buffer).length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(size).toBe(64 * part.length);
  });

  it('a client that goes away ends the call to the service', async () => {
    let closed = false;
    gateway.marketing.answers((_received, response) => void response.on('close', () => (closed = true)));
    const client = new AbortController();
    const call = gateway
      .call('/api/v1/opportunities', { token, signal: client.signal })
      .catch((error: Error) => error.name);
    await eventually(async () => gateway.marketing.received.length === 1);
    client.abort();
    expect(await call).toBe('AbortError');
    await eventually(async () => closed);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually, GatewayFixture, otherKey } from './gateway.fixture.js';
import { json } from './upstream.server.js';

const JSON_BODY = { 'content-type': 'application/json' };

describe('one client is no burden for the others', () => {
  let gateway: GatewayFixture;
  let token: string;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    gateway = await GatewayFixture.start({ CONCURRENCY_LIMIT_USER: '16' });
    token = await gateway.token(gateway.manager);
  });
  afterAll(() => gateway.stop());
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const upstream of [gateway.marketing, gateway.upstreams.auth, gateway.upstreams.customer])
      upstream.received.length = 0;
  });

  const login = () => gateway.call('/api/v1/auth/login', { method: 'POST', headers: JSON_BODY, body: '{"a":1}' });

  /** Begins a request; gives the socket, and everything that it answers. */
  async function begin(path: string, length: number, body: string, ...headers: string[]) {
    const socket = connect(gateway.port, '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    const lines = [`POST ${path} HTTP/1.1`, 'Host: crm', 'Content-Type: application/json', `Content-Length: ${length}`];
    socket.write([...lines, ...headers, '', body].join('\r\n'));
    const answer: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => answer.push(chunk)).on('error', () => undefined);
    return { socket, answered: () => Buffer.concat(answer).toString() };
  }

  it('slow bodies take no connection to a service, and are given up after 10 s with 408', async () => {
    const slow = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        i % 2
          ? begin('/api/v1/auth/refresh', 8000, '{')
          : begin('/api/v1/opportunities', 70_000, '{', `Authorization: Bearer ${token}`),
      ),
    );
    const trickle = setInterval(() => slow.forEach(({ socket }) => socket.writable && socket.write(' ')), 500);
    try {
      expect((await login()).status).toBe(200);
      expect((await gateway.call('/api/v1/opportunities', { token })).status).toBe(200);
      await eventually(async () => slow.every(({ socket }) => socket.closed), 20_000);
    } finally {
      clearInterval(trickle);
    }
    for (const { answered } of slow) {
      expect(answered()).toMatch(/^HTTP\/1\.1 408 /);
      expect(answered()).toContain('"type":"/problems/request-timeout"');
    }
    expect(gateway.marketing.received.map(({ method }) => method)).toEqual(['GET']);
    expect(gateway.upstreams.auth.received.map(({ url }) => url)).toEqual(['/api/v1/auth/login']);
  });

  it('a body with secrets may have 8 KiB, no matter how it is sent', async () => {
    for (const path of ['login', 'token', 'refresh']) {
      const { answered } = await begin(`/api/v1/auth/${path}`, 8193, '');
      await eventually(async () => answered().startsWith('HTTP/1.1 413 '));
    }
    const body = ReadableStream.from([Buffer.alloc(5000, ' '), Buffer.alloc(5000, ' ')]);
    const init = { method: 'POST', token, headers: JSON_BODY, body, duplex: 'half' } as unknown as RequestInit;
    expect((await gateway.call('/api/v1/auth/password', init)).status).toBe(413);
    expect(gateway.upstreams.auth.received).toEqual([]);
  });

  it('one caller keeps at most 8 MiB of bodies in memory; the room is free again when they are gone', async () => {
    const part = ' '.repeat(1024 * 1024 - 1);
    const post = (who: string) =>
      gateway.call('/api/v1/opportunities', { method: 'POST', token: who, headers: JSON_BODY, body: '{}' });
    const held = await Promise.all(
      Array.from({ length: 9 }, () =>
        begin('/api/v1/opportunities', part.length + 1, part, `Authorization: Bearer ${token}`),
      ),
    );
    await eventually(async () => held.some(({ answered }) => answered().startsWith('HTTP/1.1 429 ')));
    expect((await post(await gateway.token(gateway.alice))).status).toBe(200);
    for (const { socket } of held) socket.destroy();
    await eventually(async () => (await post(token)).status === 200);
  });

  it('a body over 1 MiB passes through as it comes, where the route allows it', async () => {
    const machine = await gateway.token(gateway.machine);
    const body = JSON.stringify({ items: ['y'.repeat(3_000_000)] });
    const answer = await gateway.call('/api/v1/sales-feed/orders', {
      method: 'PUT',
      token: machine,
      headers: JSON_BODY,
      body,
    });
    expect(answer.status).toBe(200);
    expect(gateway.upstreams.customer.received.at(-1)!.body).toBe(body);
  });

  it('one caller has a limited number of requests at a service at a time; the others and other services are not concerned', async () => {
    const finish: (() => void)[] = [];
    gateway.marketing.answers((_received, response) => void finish.push(() => json(response, 200, {})));
    const list = (who = token) => gateway.call('/api/v1/opportunities', { token: who });
    const waiting = Array.from({ length: 16 }, () => list());
    await eventually(async () => finish.length === 16);
    const refused = await list();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await gateway.call('/api/v1/customers', { token })).status).toBe(200);
    const alice = list(await gateway.token(gateway.alice));
    await eventually(async () => finish.length === 17);
    for (const answer of finish.splice(0)) answer();
    expect((await Promise.all([...waiting, alice])).map(({ status }) => status)).toEqual(Array(17).fill(200));
    gateway.marketing.answers((_received, response) => json(response, 200, {}));
    expect((await list()).status).toBe(200);
  });

  it('requests that were pipelined give back what they took when their connection ends', async () => {
    let closed = 0;
    gateway.marketing.answers((_received, response) => void response.on('close', () => closed++));
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(
      `GET /api/v1/opportunities HTTP/1.1\r\nHost: crm\r\nAuthorization: Bearer ${token}\r\n\r\n`.repeat(16),
    );
    await eventually(async () => gateway.marketing.received.length === 16);
    expect((await gateway.call('/api/v1/opportunities', { token })).status).toBe(429);
    socket.destroy();
    await eventually(async () => closed === 16);
    gateway.marketing.answers((_received, response) => json(response, 200, {}));
    expect((await gateway.call('/api/v1/opportunities', { token })).status).toBe(200);
  });
});

describe('guesses are counted by who could be behind them', () => {
  let gateway: GatewayFixture;

  beforeAll(async () => {
    gateway = await GatewayFixture.start({
      RATE_LIMIT_LOGIN: '3',
      RATE_LIMIT_USER: '20',
      TRUSTED_PROXIES: '127.0.0.1',
    });
  });
  afterAll(() => gateway.stop());

  const from = async (address: string, path = '/api/v1/auth/login', token = '') => {
    const headers = { ...JSON_BODY, 'x-forwarded-for': address };
    return (await gateway.call(path, { method: 'POST', token, headers, body: '{}' })).status;
  };
  const many = async (count: number, attempt: (i: number) => Promise<number>) => {
    const statuses: number[] = [];
    for (let i = 0; i < count; i++) statuses.push(await attempt(i));
    return statuses;
  };

  it('AUT-4: an IPv4 address has its rate, its /24 five times that', async () => {
    expect(await many(4, () => from('203.0.113.1'))).toEqual([200, 200, 200, 429]);
    expect(await many(13, (i) => from(`203.0.113.${i + 2}`))).toEqual([...Array<number>(12).fill(200), 429]);
    expect(await from('203.0.114.1')).toBe(200);
  });

  it('AUT-4: a /64 of IPv6 counts as one address', async () => {
    expect(await many(4, (i) => from(`2001:db8:1:2::${i + 1}`))).toEqual([200, 200, 200, 429]);
    expect(await from('2001:db8:1:3::1')).toBe(200);
  });

  it('AUT-4: a password change is a guess, too, counted for the person wherever they are', async () => {
    const alice = await gateway.token(gateway.alice);
    const change = (i: number) => from(`198.51.100.${i}`, '/api/v1/auth/password', alice);
    expect(await many(4, change)).toEqual([200, 200, 200, 429]);
    expect(await from('198.51.100.1', '/api/v1/auth/password', await gateway.token(gateway.manager))).toBe(200);
  });

  it('AUT-5: many forged tokens are refused with 429; tokens in use are not concerned', async () => {
    const good = await gateway.token(gateway.manager);
    const me = (token: string) => gateway.call('/api/v1/auth/me', { token }).then(({ status }) => status);
    expect(await me(good)).toBe(200);
    const forged = await Promise.all(
      Array.from({ length: 40 }, () => gateway.token(gateway.manager, { key: otherKey() })),
    );
    const statuses = await Promise.all(forged.map(me));
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(await me(good)).toBe(200);
  });
});

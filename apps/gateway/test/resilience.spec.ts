import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICES } from '#contracts';
import { eventually, GatewayFixture } from './gateway.fixture.js';
import { json, type Received } from './upstream.server.js';

describe('ALL-4: a service that is down costs only what it serves', () => {
  let gateway: GatewayFixture;
  let token: string;

  beforeAll(async () => {
    gateway = await GatewayFixture.start();
    token = await gateway.token(gateway.manager);
  });
  afterAll(() => gateway.stop());
  afterEach(() => gateway.forgetReceived());

  const get = async (path = '/api/v1/opportunities') => {
    const answer = await gateway.call(path, { token });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
  };
  const post = async (headers: Record<string, string> = {}) => {
    const answer = await gateway.call('/api/v1/opportunities', {
      method: 'POST',
      token,
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });
    await answer.text();
    return answer.status;
  };

  it('answers 503 with Retry-After at once, keeps the others, stays ready, and is back within 1 s', async () => {
    await gateway.marketing.stop();
    await eventually(async () => (await get()).status === 503);
    const begun = Date.now();
    for (let i = 0; i < 50; i++) {
      const refused = await get();
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
      expect(refused.body).toMatchObject({ type: '/problems/service-unavailable' });
    }
    expect((Date.now() - begun) / 50).toBeLessThan(100);
    expect((await get('/api/v1/customers')).status).toBe(200);
    expect((await gateway.call('/health/ready')).status).toBe(200);

    await gateway.marketing.listen();
    expect(await eventually(async () => (await get()).status === 200, 1000)).toBeLessThan(1000);
  });

  it('is not sent requests while it listens but is not ready', async () => {
    const ready = gateway.marketing.health;
    await gateway.marketing.stop();
    await eventually(async () => (await get()).status === 503);
    let asked = 0;
    gateway.marketing.health = (_request, response) => {
      asked++;
      json(response, 503, { status: 'not-ready' });
    };
    gateway.forgetReceived();
    await gateway.marketing.listen();
    await eventually(async () => asked >= 2);
    expect((await get()).status).toBe(503);
    expect(gateway.marketing.received).toEqual([]);
    gateway.marketing.health = ready;
    await eventually(async () => (await get()).status === 200, 1000);
  });

  it('tries GET once more when the connection breaks, POST only with an Idempotency-Key', async () => {
    let broken = 0;
    gateway.marketing.answers((_received, response, socket) => {
      if (broken++ === 0) socket.destroy();
      else json(response, 200, {});
    });
    expect((await get()).status).toBe(200);
    expect(gateway.marketing.received.map(({ method }) => method)).toEqual(['GET', 'GET']);

    broken = 0;
    gateway.forgetReceived();
    expect(await post()).toBe(503);
    expect(gateway.marketing.received.map(({ method }) => method)).toEqual(['POST']);

    broken = 0;
    gateway.forgetReceived();
    expect(await post({ 'idempotency-key': 'once' })).toBe(200);
    expect(gateway.marketing.received.map(({ headers }) => headers['idempotency-key'])).toEqual(['once', 'once']);

    gateway.forgetReceived();
    gateway.marketing.answers((_received, _response, socket) => socket.destroy());
    expect((await get()).status).toBe(503);
    expect(gateway.marketing.received.length).toBe(2);
    gateway.marketing.answers((_received, response) => json(response, 200, {}));
    await eventually(async () => (await get()).status === 200);
  });

  it('an answer that breaks off half-way is never passed off as whole', async () => {
    gateway.marketing.answers((_received, response, socket) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"half":', () => socket.destroy());
    });
    const answer = await gateway.call('/api/v1/opportunities', { token });
    await expect(answer.text()).rejects.toThrow('terminated');
    gateway.marketing.answers((_received, response) => json(response, 200, {}));
    await eventually(async () => (await get()).status === 200);
  });
});

/** What a copy answers that is well. */
const usual = (received: Received, response: ServerResponse) => json(response, 200, { method: received.method });

describe('ALL-5: copies of a service take turns', () => {
  let gateway: GatewayFixture;
  let token: string;

  beforeAll(async () => {
    gateway = await GatewayFixture.start({}, 2);
    token = await gateway.token(gateway.manager);
  });
  afterAll(() => gateway.stop());

  it('a copy that is slow gets few requests: those in flight count', async () => {
    const [second] = gateway.copies;
    const held: (() => void)[] = [];
    second!.answers((received, response) => void held.push(() => usual(received, response)));
    const list = () => gateway.call('/api/v1/opportunities', { token });
    const asked: Promise<Response>[] = [];
    await eventually(async () => {
      if (held.length === 0) asked.push(list());
      return held.length > 0 && gateway.marketing.received.length + held.length === asked.length;
    });
    gateway.forgetReceived();
    for (let i = 0; i < 10; i++) await list();
    expect([gateway.marketing.received.length, second!.received.length]).toEqual([10, 0]);
    second!.answers(usual);
    for (const finish of held) finish();
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
  });

  it('a copy whose answers take long gets few requests, also when none is in flight', async () => {
    const [second] = gateway.copies;
    let asked = 0;
    const late = (received: Received, response: ServerResponse) =>
      void setTimeout(() => usual(received, response), asked++ ? 0 : 1500);
    second!.answers(late);
    await eventually(async () => {
      await gateway.call('/api/v1/opportunities', { token });
      return asked > 0;
    });
    gateway.forgetReceived();
    const lists = Array.from({ length: 10 }, () => gateway.call('/api/v1/opportunities', { token }));
    for (const { status } of await Promise.all(lists)) expect(status).toBe(200);
    expect(gateway.marketing.received.length).toBeGreaterThan(2 * second!.received.length);
    second!.answers(usual);
    // What was slow once is tried again.
    await eventually(async () => {
      const before = second!.received.length;
      await Promise.all([1, 2].map(() => gateway.call('/api/v1/opportunities', { token })));
      return second!.received.length > before;
    }, 20_000);
  });

  it('a copy that hangs is asked less from the first second on', async () => {
    const [second] = gateway.copies;
    const held: (() => void)[] = [];
    second!.answers((received, response) => void held.push(() => usual(received, response)));
    gateway.forgetReceived();
    const list = () => gateway.call('/api/v1/opportunities', { token });
    const asked: Promise<Response>[] = [];
    await eventually(async () => {
      if (held.length === 0) asked.push(list());
      return held.length > 0;
    }, 20_000);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const before = held.length;
    for (let i = 0; i < 8; i++) asked.push(list());
    await eventually(async () => gateway.marketing.received.length + held.length >= asked.length);
    expect(held.length).toBe(before);
    second!.answers(usual);
    for (const finish of held) finish();
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
  });

  it('a copy that fails at once is no fast one', async () => {
    const [second] = gateway.copies;
    gateway.marketing.answers((received, response) => void setTimeout(() => usual(received, response), 150));
    second!.answers((_received, response) => json(response, 500, {}));
    gateway.forgetReceived();
    for (let i = 0; i < 20; i++) await gateway.call('/api/v1/opportunities', { token });
    expect(gateway.marketing.received.length).toBeGreaterThan(2 * second!.received.length);
    for (const copy of [gateway.marketing, second!]) copy.answers(usual);
  });

  it('round robin while both are there; killing one loses no request, read or write', async () => {
    const [second] = gateway.copies;
    await eventually(async () => {
      await gateway.call('/api/v1/opportunities', { token });
      return second!.received.length > 0;
    }, 20_000);
    gateway.forgetReceived();
    await eventually(async () => {
      gateway.forgetReceived();
      for (let i = 0; i < 20; i++) await gateway.call('/api/v1/opportunities', { token });
      return gateway.marketing.received.length === 10 && second!.received.length === 10;
    }, 20_000);

    await second!.stop();
    for (let i = 0; i < 20; i++) {
      const init =
        i % 2 ? { token } : { token, method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
      expect((await gateway.call('/api/v1/opportunities', init)).status).toBe(200);
    }
    expect(gateway.marketing.received.length).toBe(30);
    await second!.listen();
    gateway.forgetReceived();
    await eventually(async () => {
      await gateway.call('/api/v1/opportunities', { token });
      return second!.received.length > 0;
    }, 1500);
  });
});

describe('start, limits and stop', () => {
  it('a busy port and a bad setting end the start with a message that names them', async () => {
    const gateway = await GatewayFixture.start();
    try {
      await expect(GatewayFixture.start({ GATEWAY_PORT: String(gateway.port) })).rejects.toThrow('EADDRINUSE');
      await expect(GatewayFixture.start({ AUTH_URL: 'auth:80', GATEWAY_SIGNING_KEY: '{}' })).rejects.toThrow(
        /GATEWAY_SIGNING_KEY.*AUTH_URL/s,
      );
    } finally {
      await gateway.stop();
    }
  });

  it('a user and an address of logins are held to their rates: 429 with Retry-After, nothing forwarded', async () => {
    const gateway = await GatewayFixture.start({ RATE_LIMIT_USER: '5', RATE_LIMIT_LOGIN: '3' });
    try {
      const [manager, alice] = [await gateway.token(gateway.manager), await gateway.token(gateway.alice)];
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => gateway.call('/api/v1/opportunities', { token: manager })),
      );
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThanOrEqual(10);
      expect(refused.map(({ headers }) => headers.get('retry-after'))).toEqual(refused.map(() => '1'));
      expect(gateway.marketing.received.length).toBe(20 - refused.length);
      expect((await gateway.call('/api/v1/opportunities', { token: alice })).status).toBe(200);

      const login = () =>
        gateway.call('/api/v1/auth/login', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{}',
        });
      const statuses: number[] = [];
      for (let i = 0; i < 5; i++) statuses.push((await login()).status);
      expect(statuses).toEqual([200, 200, 200, 429, 429]);
    } finally {
      await gateway.stop();
    }
  });

  it('localhost is 127.0.0.1 and, where there is IPv6, ::1; a stop closes both', async () => {
    const gateway = await GatewayFixture.start({ GATEWAY_HOST: 'localhost' });
    const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
    const urls = ['127.0.0.1', 'localhost', ...(hasIpv6 ? ['[::1]'] : [])].map(
      (host) => `http://${host}:${gateway.port}`,
    );
    const live = (url: string) => fetch(`${url}/health/live`).then(({ status }) => status);
    try {
      expect(await Promise.all(urls.map(live))).toEqual(urls.map(() => 200));
    } finally {
      await gateway.stop();
    }
    for (const url of urls) await expect(live(url)).rejects.toThrow('fetch failed');
  });

  it('a stop answers what is in flight on whichever connection, and the port is free afterwards', async () => {
    const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles: () => unknown[] };
    const listening = () => handles.call(process).filter((each) => each instanceof Server && each.listening).length;
    const before = listening();
    const gateway = await GatewayFixture.start({ CONCURRENCY_LIMIT_USER: '1000' });
    const token = await gateway.token(gateway.manager);
    // The upstreams' own and each way in of the gateway.
    await eventually(async () => listening() >= before + SERVICES.length + 16);
    const held: Array<() => void> = [];
    gateway.marketing.answers((_received, response) => held.push(() => json(response, 200, { slow: true })));
    let answered = 0;
    const asked = Array.from({ length: 48 }, async () => {
      const answer = await gateway.call('/api/v1/opportunities', { token });
      answered++;
      return answer;
    });
    await eventually(async () => held.length === asked.length);
    const stopped = gateway.stopApp();
    await eventually(async () =>
      gateway.call('/health/live').then(
        () => false,
        () => true,
      ),
    );
    // The first came on the connection that was there before the further ways in.
    const last = held.pop()!;
    for (const finish of held) finish();
    await eventually(async () => answered === held.length);
    // Whose connections have all ended must not end those of the others.
    await sleep(500);
    expect(answered).toBe(held.length);
    last();
    for (const answer of await Promise.all(asked)) expect(await answer.json()).toEqual({ slow: true });
    await stopped;
    await gateway.stop();
  });

  describe.each([
    ['of other processes', false],
    ['of its own process', true],
  ])('with services %s', (_where, together) => {
    it('a stop says on each connection that it ends, and lets a slow client have the whole answer', async () => {
      const gateway = await GatewayFixture.start({}, 1, together);
      const token = await gateway.token(gateway.manager);
      const size = 24 * 1024 * 1024;
      const held: Array<() => void> = [];
      gateway.marketing.answers((_received, response) => {
        held.push(() => response.writeHead(200, { 'content-length': size }).end(Buffer.alloc(size, 'x')));
      });
      const ask = `GET /api/v1/opportunities HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
      const slow = connect(gateway.port, '127.0.0.1');
      slow.write(ask);
      await eventually(async () => held.length === 1);
      held[0]!();
      await once(slow, 'readable');

      const open = connect(gateway.port, '127.0.0.1');
      open.write(ask);
      await eventually(async () => held.length === 2);
      const stopped = gateway.stopApp();
      gateway.marketing.answers((_received, response) => json(response, 200, {}));
      open.write(ask);
      held[1]!();
      const heads = (await text(open)).split(/x{2,}/).filter(Boolean);
      expect(heads.map((head) => /^connection: .*$/im.exec(head)?.[0].toLowerCase())).toEqual([
        'connection: keep-alive',
        'connection: close',
      ]);
      const [head, body] = (await text(slow)).split('\r\n\r\n');
      expect([head!.split('\r\n')[0], body!.length]).toEqual(['HTTP/1.1 200 OK', size]);
      await stopped;
      await gateway.stop();
    });

    it('an answer that waits for its client comes whole, although the next one on the connection is there meanwhile', async () => {
      const gateway = await GatewayFixture.start({}, 1, together);
      const token = await gateway.token(gateway.manager);
      const answers: ServerResponse[] = [];
      gateway.marketing.answers((_received, response) => answers.push(response));
      const client = connect(gateway.port, '127.0.0.1');
      const ask = `GET /api/v1/opportunities HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`;
      client.write(`${ask}\r\n`);
      await eventually(async () => answers.length === 1);
      client.write(`${ask}Connection: close\r\n\r\n`);
      await eventually(async () => answers.length === 2);

      const piece = Buffer.alloc(64 * 1024, 'x');
      const pieces = 400;
      const [first, second] = answers as [ServerResponse, ServerResponse];
      first.writeHead(200, { 'content-length': pieces * piece.length });
      let written = 0;
      const write = () => {
        while (written < pieces) {
          written++;
          if (!first.write(piece)) return;
        }
        first.end();
      };
      first.on('drain', write);
      write();
      let seen = 0;
      let unchanged = 0;
      await eventually(async () => (unchanged = seen === (seen = written) ? unchanged + 1 : 0) > 20);
      expect(written).toBeLessThan(pieces);
      json(second, 200, { second: true });
      // When that has been answered, the gateway has read what was there before it was asked.
      expect((await gateway.call('/api/v1/customers', { token })).status).toBe(200);

      const all = await text(client);
      expect(all.indexOf('HTTP/1.1 200 OK', 1) - all.indexOf('x'.repeat(9))).toBe(pieces * piece.length);
      expect(all.slice(-100)).toContain('{"second":true}');
      await gateway.stop();
    });
  });
});

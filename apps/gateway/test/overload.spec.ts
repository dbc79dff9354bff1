import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, GatewayFixture } from './gateway.fixture.js';
import { json, type UpstreamServer } from './upstream.server.js';

const PATHS = { marketing: '/opportunities', customer: '/customers', service: '/tickets' } as const;

describe('ALL-4: more than can be served is refused at once', () => {
  let gateway: GatewayFixture;
  let token: string;
  const held = new Map<UpstreamServer, (() => void)[]>();

  beforeEach(async () => {
    gateway = await GatewayFixture.start({ CONCURRENCY_LIMIT_USER: '1000' });
    token = await gateway.token(gateway.manager);
    held.clear();
  });
  afterEach(() => gateway.stop());

  const ask = async (service: keyof typeof PATHS, signal?: AbortSignal, who = token) => {
    const answer = await gateway.call(`/api/v1${PATHS[service]}`, { token: who, ...(signal ? { signal } : {}) });
    const { type } = (await answer.json()) as { type?: string };
    return { status: answer.status, type, retryAfter: answer.headers.get('retry-after') };
  };
  const refused = { status: 503, type: '/problems/service-unavailable', retryAfter: '1' };

  /** So many requests that the service has and does not answer. */
  async function hold(name: keyof typeof PATHS, count: number, signal?: AbortSignal) {
    const service = gateway.upstreams[name];
    const finish = held.get(service) ?? [];
    held.set(service, finish);
    service.answers((_received, response) => void finish.push(() => json(response, 200, {})));
    const before = finish.length;
    const asked = Array.from({ length: count }, () => ask(name, signal).catch(() => ({ status: 0 })));
    await eventually(async () => finish.length === before + count);
    return asked;
  }
  const release = (name: keyof typeof PATHS) => {
    const service = gateway.upstreams[name];
    service.answers((_received, response) => json(response, 200, {}));
    for (const finish of held.get(service)!.splice(0)) finish();
  };

  it('64 requests are at a service at a time; the next is refused before its token is looked at; health never is', async () => {
    const asked = await hold('marketing', 64);
    expect(await ask('marketing')).toEqual(refused);
    expect(await ask('marketing', undefined, 'no token')).toEqual(refused);
    expect(gateway.marketing.received).toHaveLength(64);
    for (const probe of ['live', 'ready']) expect((await gateway.call(`/health/${probe}`)).status).toBe(200);
    expect((await ask('customer')).status).toBe(200);
    release('marketing');
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
    expect((await ask('marketing')).status).toBe(200);
  });

  it('96 are at all services together, but 16 places of each are its own', async () => {
    const asked = [...(await hold('marketing', 64)), ...(await hold('customer', 32))];
    expect(await ask('customer')).toEqual(refused);
    asked.push(...(await hold('service', 16)));
    expect(await ask('service')).toEqual(refused);
    for (const name of ['marketing', 'customer', 'service'] as const) release(name);
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
  });

  it('a client that goes away frees its place', async () => {
    const leaving = new AbortController();
    const asked = await hold('marketing', 64, leaving.signal);
    expect(await ask('marketing')).toEqual(refused);
    leaving.abort();
    await Promise.all(asked);
    gateway.marketing.answers((_received, response) => json(response, 200, {}));
    await eventually(async () => (await ask('marketing')).status === 200);
  });

  it('while this process is late again and again with what it is asked it takes no more; what waits for a slow service is no reason', async () => {
    const block = (milliseconds: number) => {
      const until = performance.now() + milliseconds;
      while (performance.now() < until);
    };
    const asked = await hold('marketing', 34);
    let stalls = 0;
    const stall = setInterval(() => {
      block(200);
      stalls++;
    }, 1);
    try {
      await eventually(async () => stalls > 3, 10_000);
      for (let round = 0; round < 3; round++) expect((await ask('customer')).status).toBe(200);
      release('marketing');
      // There is room for them all.
      const answers = await Promise.all(Array.from({ length: 60 }, () => ask('customer')));
      expect(answers).toContainEqual(refused);
      expect((await gateway.call('/health/live')).status).toBe(200);
    } finally {
      clearInterval(stall);
    }
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
    await eventually(async () => (await ask('customer')).status === 200);
  });
});

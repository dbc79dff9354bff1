import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEADLINE_MS, Exchange, type ForwardedRequest } from '../src/proxy/exchange.js';
import type { Upstream } from '../src/proxy/upstream.js';
import { DeadlinePassed, UpstreamCopy } from '../src/proxy/upstream.copy.js';
import { eventually, GatewayFixture } from './gateway.fixture.js';
import { json, UpstreamServer } from './upstream.server.js';

/** Timers are not exact, and other tests run beside this one. */
const SLACK_MS = 1000;

describe('ALL-4: a service has 10 s to begin its answer', () => {
  let gateway: GatewayFixture;
  let token: string;

  beforeAll(async () => {
    gateway = await GatewayFixture.start({}, 2);
    token = await gateway.token(gateway.manager);
  });
  afterAll(() => gateway.stop());

  const timed = async (path: string, init: RequestInit = {}) => {
    const begun = performance.now();
    const answer = await gateway.call(`/api/v1${path}`, { token, ...init });
    const { type } = (await answer.json()) as { type?: string };
    return {
      status: answer.status,
      type,
      retryAfter: answer.headers.get('retry-after'),
      ms: performance.now() - begun,
    };
  };
  const inTime = { status: 503, type: '/problems/service-unavailable', retryAfter: '1' };

  it('over all tries; nothing is sent again after it; the copy is avoided, and left alone when it is not ready either', async () => {
    const { customer, service } = gateway.upstreams;
    const second = gateway.copies[0]!;

    // A second try has what the first one left of the time.
    let given = 0;
    service.answers((_received, response, socket) => {
      response.once('close', () => given++);
      if (service.received.length === 1) setTimeout(() => socket.destroy(), DEADLINE_MS / 2);
    });
    const again = timed('/tickets');

    let hung = 0;
    customer.answers((_received, response) => {
      hung++;
      response.once('close', () => hung--);
    });
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    const three = [timed('/customers', post), timed('/customers', post), timed('/customers')];
    await eventually(async () => hung === 3);
    customer.health = (_received, response) => json(response, 503, {});

    second.answers(() => undefined);
    const one = timed('/opportunities');
    const two = timed('/opportunities');

    for (const outcome of await Promise.all([again, ...three])) {
      expect(outcome).toMatchObject(inTime);
      expect(outcome.ms).toBeGreaterThan(DEADLINE_MS - 10);
      expect(outcome.ms).toBeLessThan(DEADLINE_MS + SLACK_MS);
    }
    expect((await Promise.all([one, two])).map(({ status }) => status).sort()).toEqual([200, 503]);
    await eventually(async () => hung === 0 && given === 2);
    expect(service.received).toHaveLength(2);
    expect(customer.received).toHaveLength(3);

    expect((await timed('/customers')).ms).toBeLessThan(SLACK_MS);
    expect(customer.received).toHaveLength(3);
    customer.answers((_received, response) => json(response, 200, {}));
    customer.health = (_received, response) => json(response, 200, {});
    await eventually(async () => (await timed('/customers')).status === 200, 1000);

    for (let i = 0; i < 10; i++) expect((await timed('/opportunities')).status).toBe(200);
    expect(second.received).toHaveLength(1);
  });
});

describe('ALL-4: waiting for a connection is part of the 10 s', () => {
  const stops: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  });

  /** A server whose every request is an exchange with `copy`. */
  async function edge(copy: UpstreamCopy, fail: (response: ServerResponse, cause?: Error) => void): Promise<string> {
    const upstream = { pick: () => copy } as unknown as Upstream;
    const server = createServer((_request, response) => {
      const request: ForwardedRequest = { method: 'GET', path: '/x', headers: [], body: null };
      const passport = { requestId: 'r', traceparent: 't' };
      new Exchange(upstream, request, response, passport, (_error, cause) => fail(response, cause)).start();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(() => server.close().closeAllConnections());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('a request that got none in time is never sent, and its place is free again', async () => {
    const waiting: ServerResponse[] = [];
    const service = await UpstreamServer.start((_received, response) => void waiting.push(response));
    stops.push(() => service.stop());
    let ready = false;
    const copy = new UpstreamCopy(service.url, (_copy, available) => (ready = available));
    stops.push(() => copy.stop());
    await eventually(async () => ready);

    const failed: unknown[] = [];
    const url = await edge(copy, (response, cause) => {
      // Whether the copy is ready is asked a moment later; on a busy machine the answer may be late.
      failed.push({ cause, suspect: copy.suspect, inFlight: copy.inFlight });
      response.writeHead(503).end();
    });
    const ask = () => fetch(url).then(({ status }) => status);
    const sent = Array.from({ length: 64 }, ask);
    await eventually(async () => waiting.length === 64);
    // Its time begins later, so all the others have to be over before it can be sent.
    const late = ask();
    await eventually(async () => copy.inFlight === 65);
    // The heads of the others arrive in time, their ends do not.
    for (const response of waiting) response.writeHead(200).write('{');
    expect(await Promise.all(sent)).toEqual(Array(64).fill(200));
    expect(await late).toBe(503);
    expect(failed).toEqual([{ cause: expect.any(DeadlinePassed), suspect: true, inFlight: 65 }]);
    for (const response of waiting) response.end('}');
    await eventually(async () => ready && copy.inFlight === 0);
    expect(service.received).toHaveLength(64);
  });
});

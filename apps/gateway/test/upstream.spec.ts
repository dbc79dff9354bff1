import { afterEach, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { createLogger } from '#platform';
import { Upstream } from '../src/proxy/upstream.js';
import { DeadlinePassed, UpstreamCopy } from '../src/proxy/upstream.copy.js';
import { eventually } from './gateway.fixture.js';
import { json, UpstreamServer } from './upstream.server.js';

describe('AUT-5: what the gateway itself asks of copies', () => {
  const servers: UpstreamServer[] = [];
  let upstream: Upstream | undefined;

  afterEach(async () => {
    await upstream?.stop();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  it('passes over one that hangs or fails at once or after 0.5 s, and then begins with the one that answered', async () => {
    const [first, second] = [await UpstreamServer.start(() => undefined), await UpstreamServer.start()];
    servers.push(first, second);
    upstream = new Upstream('auth', [first.url, second.url], createLogger('test', 'silent'));
    const { signal } = new AbortController();
    const timed = async () => {
      const begun = performance.now();
      expect((await upstream!.get('/api/v1/x', {}, signal)).status).toBe(200);
      return performance.now() - begun;
    };
    expect(await timed()).toBeLessThan(800);
    expect(await timed()).toBeLessThan(250);
    expect(first.received).toHaveLength(1);

    first.answers((_received, response) => json(response, 200, {}));
    second.answers((_received, response) => json(response, 503, {}));
    expect(await timed()).toBeLessThan(250);
    await timed();
    expect([first.received.length, second.received.length]).toEqual([3, 3]);
  });
});

describe('ALL-4: a copy that let the time for an answer pass', () => {
  const stops: Array<() => Promise<void>> = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  });

  async function timedOut(health: (response: ServerResponse) => void) {
    const server = await UpstreamServer.start();
    const said: boolean[] = [];
    const copy = new UpstreamCopy(server.url, (_copy, available) => said.push(available));
    stops.push(
      () => server.stop(),
      () => copy.stop(),
    );
    await eventually(async () => copy.available);
    let examined = 0;
    server.health = (_received, response) => {
      examined++;
      health(response);
    };
    copy.failed(new DeadlinePassed());
    await eventually(async () => examined > 0);
    return { copy, said };
  }

  it('gets no more requests when it does not say that it is ready', async () => {
    const { copy, said } = await timedOut(() => undefined);
    await eventually(async () => !copy.available);
    expect(said).toEqual([true, false]);
  });

  it('stays second choice when it does', async () => {
    let answered = () => {};
    const closed = new Promise<void>((resolve) => (answered = resolve));
    const { copy, said } = await timedOut((response) => {
      response.once('close', answered);
      json(response, 200, {});
    });
    await closed;
    await copy.get('/health/ready', {}, 1000, new AbortController().signal);
    expect([copy.available, copy.suspect, said]).toEqual([true, true, [true]]);
  });
});

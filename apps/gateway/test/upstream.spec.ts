import { afterEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '#platform';
import { Upstream } from '../src/proxy/upstream.js';
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

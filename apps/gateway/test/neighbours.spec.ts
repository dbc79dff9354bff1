import { afterEach, describe, expect, it } from '@jest/globals';
import { serveOthers } from '#platform';
import { fastify, type FastifyReply, type FastifyRequest } from 'fastify';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { DEADLINE_MS, Exchange } from '../src/proxy/exchange.js';
import { ClientGone } from '../src/proxy/quota.js';
import type { Upstream } from '../src/proxy/upstream.js';
import { DeadlinePassed, UpstreamCopy } from '../src/proxy/upstream.copy.js';
import { eventually } from './gateway.fixture.js';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** A service's Fastify, and a server that hands every request over to it and tells why one failed. */
async function edge(handler: (request: FastifyRequest, reply: FastifyReply) => unknown) {
  const service = fastify();
  const serve = serveOthers(service);
  service.get('/health/ready', () => ({}));
  service.all('/x', handler);
  await service.listen({ port: 0, host: '127.0.0.1' });
  stops.push(() => service.close());
  let ready = false;
  const { port } = service.server.address() as AddressInfo;
  const copy = new UpstreamCopy(`http://127.0.0.1:${port}`, (_copy, available) => (ready = available), serve);
  stops.push(() => copy.stop());
  await eventually(async () => ready);

  const causes: unknown[] = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const { authorization: _, ...rest } = headers;
    const forwarded = {
      method: method as 'GET',
      path: url!,
      headers: Object.entries(rest).flat() as string[],
      body: null,
    };
    const passport = { requestId: 'r', traceparent: 't' };
    const fail = (error: Error, cause?: Error) => {
      causes.push(cause ?? error);
      response.writeHead(503, { 'content-type': 'text/plain' }).end('refused');
    };
    new Exchange({ pick: () => copy } as unknown as Upstream, forwarded, response, passport, fail).start();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`, copy, causes };
}

describe('ALL-4: a service of the gateway’s own process', () => {
  it('has 10 s to begin its answer, is not heard after that, and a stream that has begun goes on', async () => {
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    let late = 0;
    const { url, copy, causes } = await edge(async (request) => {
      const { kind } = request.query as { kind: string };
      if (kind === 'stream')
        return Readable.from(
          (async function* () {
            yield 'begun, ';
            await released;
            yield 'and ended';
          })(),
        );
      if (kind === 'fast') return { fast: true };
      await released;
      late++;
      return kind === 'late text' ? { late: true } : Readable.from(['late']);
    });
    const begun = performance.now();
    const stream = fetch(`${url}?kind=stream`).then((answer) => answer.text());
    const late503 = ['late text', 'late stream'].map((kind) => fetch(`${url}?kind=${kind}`));
    for (const answer of await Promise.all(late503))
      expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
        503,
        'text/plain',
        'refused',
      ]);
    expect(performance.now() - begun).toBeGreaterThan(DEADLINE_MS - 10);
    expect(causes).toEqual([expect.any(DeadlinePassed), expect.any(DeadlinePassed)]);
    expect(copy.suspect).toBe(true);
    // The deadline of the stream, which was asked for first, has passed, too.
    release();
    expect(await stream).toBe('begun, and ended');
    await eventually(async () => late === 2);
    expect(await (await fetch(`${url}?kind=fast`)).json()).toEqual({ fast: true });
    await eventually(async () => copy.inFlight === 0);
    expect(causes).toHaveLength(2);
  });

  it('hears that the client went away, and its place is free again', async () => {
    let closed = 0;
    const { url, copy, causes } = await edge((_request, reply) => {
      reply.raw.once('close', () => closed++);
      return new Promise(() => undefined);
    });
    const client = new AbortController();
    const call = fetch(url, { signal: client.signal }).catch((error: Error) => error.name);
    await eventually(async () => copy.inFlight === 1);
    client.abort();
    expect(await call).toBe('AbortError');
    await eventually(async () => closed === 1 && copy.inFlight === 0);
    expect(causes.filter((cause) => !(cause instanceof ClientGone))).toEqual([]);
  });

  it('whose stream breaks breaks the connection, so that half an answer is not taken for a whole one', async () => {
    const { url, copy } = await edge(async () =>
      Readable.from(
        (async function* () {
          yield 'half of it';
          throw new Error('broken');
        })(),
      ),
    );
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    await eventually(async () => copy.inFlight === 0);
  });

  it('sees the headers that it is to see, and none of the client’s own', async () => {
    const { url } = await edge(async ({ headers }) => headers);
    const answer = await fetch(url, { headers: { authorization: 'Bearer x', 'accept-language': 'zh' } });
    const seen = (await answer.json()) as Record<string, string>;
    expect([seen.authorization, seen['accept-language']]).toEqual([undefined, 'zh']);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { HandedRequests } from '#platform';
import { fastify, type FastifyReply, type FastifyRequest } from 'fastify';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { Exchange } from '../src/proxy/exchange.js';
import { ClientGone } from '../src/proxy/quota.js';
import type { Upstream } from '../src/proxy/upstream.js';
import { DeadlinePassed, UpstreamCopy } from '../src/proxy/upstream.copy.js';
import { eventually } from './gateway.fixture.js';

const DEADLINE_MS = 500;
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** A service's Fastify, and a server that hands every request over to it and tells why one failed. */
async function edge(handler: (request: FastifyRequest, reply: FastifyReply) => unknown, deadlineMs = 10_000) {
  const service = fastify();
  const handed = new HandedRequests(service);
  service.get('/health/ready', () => ({}));
  service.all('/x', handler);
  await service.listen({ port: 0, host: '127.0.0.1' });
  stops.push(() => service.close());
  let ready = false;
  const { port } = service.server.address() as AddressInfo;
  const copy = new UpstreamCopy(`http://127.0.0.1:${port}`, (_copy, available) => (ready = available), handed.serve);
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
    new Exchange({ pick: () => copy } as unknown as Upstream, forwarded, response, passport, fail, deadlineMs).start();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`, copy, causes, handed };
}

describe('ALL-4: a service of the gateway’s own process', () => {
  it('is not heard any more when it has not begun its answer in time; a stream that has begun goes on', async () => {
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    let late = 0;
    const { url, copy, causes } = await edge(async (request, reply) => {
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
      // A file whose first bytes take long: its headers are set before.
      if (kind === 'late file') {
        void reply.header('content-disposition', 'attachment').type('text/csv');
        return Readable.from(
          (async function* () {
            await released;
            late++;
            yield 'a,b';
          })(),
        );
      }
      await released;
      late++;
      return kind === 'late text' ? { late: true } : Readable.from(['late']);
    }, DEADLINE_MS);
    const begun = performance.now();
    const stream = fetch(`${url}?kind=stream`).then((answer) => answer.text());
    const asked = ['late text', 'late stream', 'late file'].map((kind) => fetch(`${url}?kind=${kind}`));
    for (const answer of await Promise.all(asked)) {
      const { 'content-type': type, 'content-disposition': file } = Object.fromEntries(answer.headers);
      expect([answer.status, type, file, await answer.text()]).toEqual([503, 'text/plain', undefined, 'refused']);
    }
    expect(performance.now() - begun).toBeGreaterThan(DEADLINE_MS - 10);
    expect(causes).toEqual(asked.map(() => expect.any(DeadlinePassed)));
    await eventually(async () => copy.inFlight === 1);
    // The deadline of the stream, which was asked for first, has passed, too.
    release();
    expect(await stream).toBe('begun, and ended');
    await eventually(async () => late >= 2);
    expect(await (await fetch(`${url}?kind=fast`)).json()).toEqual({ fast: true });
    await eventually(async () => copy.inFlight === 0);
    expect(causes).toHaveLength(3);
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
    const outcome = new Promise((resolve) => {
      get(url, (answer) => {
        const status = answer.statusCode;
        answer.on('end', () => resolve([status, 'ended'])).on('error', ({ message }) => resolve([status, message]));
        answer.resume();
      });
    });
    expect(await outcome).toEqual([200, 'aborted']);
    await eventually(async () => copy.inFlight === 0);
  });

  it('whose stream breaks before its turn on the connection has its place back, and can’t break the refusal of a late one', async () => {
    const gates = new Map<string, () => void>();
    const { url, copy, causes } = await edge(async (request) => {
      const { kind } = request.query as { kind: string };
      return Readable.from(
        (async function* () {
          if (kind !== 'late') yield `${kind} `;
          await new Promise<void>((resolve) => gates.set(kind, resolve));
          if (kind !== 'first') throw new Error('broken');
          yield 'and ended';
        })(),
      );
    }, DEADLINE_MS);
    const ask = (kind: string, end = '') => `GET /x?kind=${kind} HTTP/1.1\r\nHost: x\r\n${end}\r\n`;
    const { hostname, port } = new URL(url);
    const open = () => {
      const client = connect(Number(port), hostname);
      stops.push(() => client.destroy());
      return client;
    };

    const client = open();
    client.write(ask('first') + ask('late', 'Connection: close\r\n'));
    await eventually(async () => causes.length === 1);
    gates.get('late')!();
    await setImmediate();
    gates.get('first')!();
    expect((await text(client)).match(/first|and ended|refused/g)).toEqual(['first', 'and ended', 'refused']);

    gates.clear();
    const other = open();
    other.write(ask('first') + ask('second'));
    await eventually(async () => gates.size === 2);
    gates.get('second')!();
    await eventually(async () => copy.inFlight === 1);
    gates.get('first')!();
    expect((await text(other)).match(/first|and ended|second/g)).toEqual(['first', 'and ended']);
    await eventually(async () => copy.inFlight === 0);
  });

  it('has its place back when it has answered, although the client does not read', async () => {
    const { url, copy } = await edge(async () => 'x'.repeat(16 * 1024 * 1024));
    const { hostname, port } = new URL(url);
    const client = connect(Number(port), hostname);
    stops.push(() => client.destroy());
    client.pause();
    client.write('GET /x HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(client, 'readable');
    await eventually(async () => copy.inFlight === 0);
  });

  it('is not settled, and so does not stop, while it answers', async () => {
    const held: (() => void)[] = [];
    const { url, handed } = await edge(() => new Promise<object>((resolve) => held.push(() => resolve({}))));
    const asked = [fetch(url), fetch(url)];
    await eventually(async () => held.length === 2);
    let settled = false;
    const settling = handed.settled(10_000).then(() => (settled = true));
    held[0]!();
    await Promise.race(asked);
    expect(settled).toBe(false);
    held[1]!();
    await settling;
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('sees the headers that it is to see, and none of the client’s own', async () => {
    const { url } = await edge(async ({ headers }) => headers);
    const answer = await fetch(url, { headers: { authorization: 'Bearer x', 'accept-language': 'zh' } });
    const seen = (await answer.json()) as Record<string, string>;
    expect([seen.authorization, seen['accept-language']]).toEqual([undefined, 'zh']);
  });
});

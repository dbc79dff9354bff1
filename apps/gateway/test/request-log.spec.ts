import { describe, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { guardTheEdge } from '../src/http/edge.plugin.js';
import { logRequests } from '../src/http/request-log.plugin.js';

describe('ALL-6: the log of requests', () => {
  async function linesAt(level: string): Promise<PassThrough> {
    const lines = new PassThrough();
    const api = fastify();
    logRequests(api, pino({ level }, lines));
    guardTheEdge(api);
    api.get('/customers/:id', (_request, reply) => reply.code(201).send('ok'));
    await api.listen({ port: 0 });
    const { port } = api.server.address() as { port: number };
    const headers = { 'x-request-id': 'order-7', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    await (await fetch(`http://localhost:${port}/customers/secret-name?q=secret`, { headers })).text();
    await api.close();
    return lines;
  }

  it('says what was asked and how it ended, by the pattern of the route', async () => {
    const lines = await linesAt('info');
    if (lines.readableLength === 0) await once(lines, 'readable');
    const text = String(lines.read());
    expect(JSON.parse(text)).toMatchObject({
      method: 'GET',
      route: '/customers/:id',
      status: 201,
      ms: expect.any(Number),
      traceId: 'a'.repeat(32),
      msg: 'request',
    });
    expect(text).not.toContain('secret');
  });

  it('is silent above info', async () => {
    expect((await linesAt('warn')).readableLength).toBe(0);
  });
});

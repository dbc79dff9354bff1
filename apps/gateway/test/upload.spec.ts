import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { openApiDocument } from '../src/openapi/openapi-document.js';
import { eventually, GatewayFixture } from './gateway.fixture.js';
import { json } from './upstream.server.js';

const PATH = '/api/v1/customers/imports';
const CSV = 'text/csv';
const MIB = 1024 * 1024;
/** More than what stands between the client and the service holds. */
const LARGE = 32 * MIB;

describe('CUS-8: files pass through the gateway', () => {
  let gateway: GatewayFixture;
  let token: string;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    gateway = await GatewayFixture.start();
    token = await gateway.token(gateway.manager);
    gateway.upstreams.customer.answers(({ body, headers }, response) =>
      json(response, 202, { length: body.length, type: headers['content-type'] }),
    );
  });
  afterAll(() => gateway.stop());
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    gateway.upstreams.customer.mayRead = Promise.resolve();
    gateway.forgetReceived();
  });

  /** Begins an upload of so many bytes, of which none is sent yet. */
  async function begin(length: number, type = CSV, ...headers: string[]) {
    const socket = connect(gateway.port, '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    const lines = [`POST ${PATH} HTTP/1.1`, 'Host: crm', `Content-Type: ${type}`, `Content-Length: ${length}`];
    socket.write([...lines, `Authorization: Bearer ${token}`, ...headers, '', ''].join('\r\n'));
    const answer: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => answer.push(chunk)).on('error', () => undefined);
    return { socket, answered: () => Buffer.concat(answer).toString() };
  }
  /** Again after a 503, as clients do: the gateway shares its process with this test, and is late while that makes large bodies. */
  async function upload(body: string | Buffer<ArrayBuffer>, type: string, headers = {}): Promise<Response> {
    for (;;) {
      const answer = await gateway.call(PATH, {
        method: 'POST',
        token,
        body,
        headers: { 'content-type': type, ...headers },
      });
      if (answer.status !== 503) return answer;
      await pause(100);
    }
  }

  it('that are of a type which the route takes, small and large, whole', async () => {
    for (const length of [10, 6 * MIB]) {
      const answer = await upload(Buffer.alloc(length, 'x'), 'Text/CSV; charset=utf-8');
      expect([answer.status, await answer.json()]).toEqual([202, { length, type: 'Text/CSV; charset=utf-8' }]);
    }
    const chunked = { method: 'POST', token, headers: { 'content-type': CSV }, duplex: 'half' };
    const body = ReadableStream.from(Array.from({ length: 40 }, () => Buffer.alloc(100_000, 'y')));
    const answer = await gateway.call(PATH, { ...chunked, body } as unknown as RequestInit);
    expect(await answer.json()).toMatchObject({ length: 4_000_000 });
  });

  it('ALL-1: others are refused with 415, and those over 1 GiB with 413 before any of it is read', async () => {
    const refusals = await Promise.all([
      upload('{}', 'application/json'),
      upload('x', 'text/plain'),
      upload('x', CSV, { 'content-encoding': 'gzip' }),
    ]);
    expect(refusals.map(({ status }) => status)).toEqual([415, 415, 415]);
    expect(await refusals[0].json()).toMatchObject({ detail: expect.stringContaining('text/csv, application/vnd') });
    const json415 = await gateway.call('/api/v1/customers', {
      method: 'POST',
      token,
      body: 'name\nA\n',
      headers: { 'content-type': CSV },
    });
    expect(json415.status).toBe(415);
    await eventually(async () => {
      const large = await begin(1024 * MIB + 1);
      await eventually(async () => large.answered() !== '');
      return large.answered().startsWith('HTTP/1.1 413 ');
    });
    expect(gateway.upstreams.customer.received).toEqual([]);
  });

  it('as fast as the service takes them: what it does not take, the client keeps', async () => {
    let read!: () => void;
    gateway.upstreams.customer.mayRead = new Promise((resolve) => (read = resolve));
    const { socket, answered } = await begin(LARGE);
    socket.write(Buffer.alloc(LARGE, 'z'));
    let kept = 0;
    await eventually(async () => {
      const before = kept;
      kept = socket.writableLength;
      await pause(200);
      return kept === before && kept > 0;
    });
    expect(kept).toBeGreaterThan(LARGE / 2);
    await eventually(async () => (await gateway.call('/api/v1/customers', { token })).status === 202);
    read();
    await eventually(async () => answered().includes('\r\n\r\n'), 15_000);
    expect(answered()).toContain(`"length":${LARGE}`);
  });

  it('two of one caller at a time', async () => {
    gateway.upstreams.customer.mayRead = new Promise(() => undefined);
    const three = await Promise.all([1, 2, 3].map(() => begin(64 * MIB)));
    for (const { socket } of three) socket.write(Buffer.alloc(2 * MIB));
    await eventually(async () => three.some(({ answered }) => answered().startsWith('HTTP/1.1 429 ')));
    expect(three.filter(({ answered }) => answered() === '')).toHaveLength(2);
    // Those who leave make room.
    gateway.upstreams.customer.mayRead = Promise.resolve();
    for (const { socket } of three) socket.destroy();
    await eventually(async () => {
      // What is small takes no place.
      const answers = await Promise.all([1, 2].map(() => upload(Buffer.alloc(2 * MIB, 'x'), CSV)));
      return answers.every(({ status }) => status === 202);
    });
  });

  it('as long as they keep their pace; slower ones are given up', async () => {
    const [steady, slow] = [await begin(12 * MIB), await begin(12 * MIB)];
    for (let piece = 0; piece < 12; piece++) {
      expect(steady.answered()).toBe('');
      steady.socket.write(Buffer.alloc(MIB, 's'));
      slow.socket.write('s');
      await pause(1000);
    }
    await eventually(async () => slow.answered() !== '');
    expect(slow.answered()).toMatch(/^HTTP\/1\.1 408 /);
    expect(slow.answered()).toContain('"type":"/problems/request-timeout"');
    await eventually(async () => steady.answered().includes(`"length":${12 * MIB}`));
  });

  it('are in the OpenAPI document with their types', () => {
    const { post } = openApiDocument().paths[PATH]!;
    const { content } = post!['requestBody'] as { content: object };
    expect(Object.keys(content)).toEqual([CSV, expect.stringContaining('spreadsheetml')]);
    expect(Object.keys(post!['responses'] as object)).toEqual(expect.arrayContaining(['202', '413', '415', '422']));
    expect(post!.description).toContain('1073741824 bytes');
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { connect } from 'node:net';
import { ROUTES } from '#contracts';
import { GatewayFixture } from './gateway.fixture.js';

/** Sends bytes as they are; gives everything that comes back until the server closes. */
function send(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

describe('requests as an attacker writes them', () => {
  let gateway: GatewayFixture;
  let authorization: string;

  beforeAll(async () => {
    gateway = await GatewayFixture.start();
    authorization = `Authorization: Bearer ${await gateway.token(gateway.manager)}`;
  });
  afterAll(() => gateway.stop());
  afterEach(() => gateway.forgetReceived());

  const raw = (requestLine: string, ...headers: string[]) =>
    send(gateway.port, [requestLine, 'Host: crm', authorization, 'Connection: close', ...headers, '', ''].join('\r\n'));

  it.each([
    '//evil.com/api/v1/opportunities',
    '/api/v1//opportunities',
    '/\\evil.com',
    '/api/v1\\..\\internal/access',
    '/api/v1/../internal/access',
    '/api/v1/opportunities/../internal/access',
    '/api/v1/opportunities/..',
    '/api/v1/./opportunities',
    '/api/v1/opportunities/%2e%2e/internal/access',
    '/api/v1/opportunities/%2E%2e/',
    '/api/v1/opportunities%2f..%2finternal',
    '/api/v1/opportunities/x%2Fassign',
    '/api/v1/opportunities/x%5cassign',
    '/api/v1/opportunities/%00',
    '/api/v1/opportunities/%zz',
    '/api/v1/opportunities#/x',
    '/api/v1/opportunities/\u00e4',
    'http://evil.com/api/v1/opportunities',
    'http://crm/api/v1/opportunities',
  ])('the target %s is refused with 400 and reaches no service', async (target) => {
    const answer = await raw(`GET ${target} HTTP/1.1`);
    expect(statusOf(answer)).toBe(400);
    expect(answer).toContain('"type":"/problems/malformed-request"');
    expect(gateway.received).toEqual([]);
  });

  it.each([
    '/api/v1/internal/access',
    '/api/v1/Opportunities',
    '/api/v1/opportunities/',
    '/api/v1/opportunities;x=1',
    '/health/ready/x',
    '/metrics',
  ])('the address %s is in no table, so 404', async (target) => {
    expect(statusOf(await raw(`GET ${target} HTTP/1.1`))).toBe(404);
    expect(gateway.received).toEqual([]);
  });

  it.each([
    ['TRACE', 'TRACE /api/v1/opportunities HTTP/1.1', []],
    ['two Host headers', 'GET /api/v1/opportunities HTTP/1.1', ['Host: other']],
    ['two Authorization headers', 'GET /api/v1/opportunities HTTP/1.1', ['authorization: Bearer a.b.c']],
    [
      'Content-Length beside Transfer-Encoding',
      'POST /api/v1/opportunities HTTP/1.1',
      ['Content-Length: 3', 'Transfer-Encoding: chunked'],
    ],
    ['an obscured Transfer-Encoding', 'POST /api/v1/opportunities HTTP/1.1', ['Transfer-Encoding: xchunked']],
    ['two Content-Lengths', 'POST /api/v1/opportunities HTTP/1.1', ['Content-Length: 3', 'Content-Length: 4']],
    ['a signed Content-Length', 'POST /api/v1/opportunities HTTP/1.1', ['Content-Length: +3']],
    ['a space before the colon', 'GET /api/v1/opportunities HTTP/1.1', ['X-Test : 1']],
    ['a bare line feed in a header', 'GET /api/v1/opportunities HTTP/1.1', ['X-Test: 1\nX-Crm-Assertion: a']],
    ['a body for GET', 'GET /api/v1/opportunities HTTP/1.1', ['Content-Length: 3']],
  ] as const)('%s is refused with 400 and reaches no service', async (_what, requestLine, headers) => {
    expect(statusOf(await raw(requestLine, ...headers))).toBe(400);
    expect(gateway.received).toEqual([]);
  });

  it('headers that are too large are refused with 431', async () => {
    expect(statusOf(await raw('GET /api/v1/opportunities HTTP/1.1', `X-Test: ${'a'.repeat(17_000)}`))).toBe(431);
    expect(gateway.received).toEqual([]);
  });

  it('a body that announces itself as too large is refused with 413 before it is read', async () => {
    const answer = await raw(
      'POST /api/v1/opportunities HTTP/1.1',
      'Content-Type: application/json',
      'Content-Length: 1048577',
    );
    expect(statusOf(answer)).toBe(413);
    expect(gateway.received).toEqual([]);
  });

  it('no header of the client that speaks of identity or of the hop reaches a service', async () => {
    const answer = await raw(
      'GET /api/v1/opportunities HTTP/1.1',
      'X-Crm-Assertion: forged',
      'x-crm-assertion: forged-again',
      'X-CRM-Client-Address: 6.6.6.6',
      'X-User-Id: 1',
      'X-Forwarded-For: 6.6.6.6',
      'Forwarded: for=6.6.6.6',
      'X-Real-IP: 6.6.6.6',
      'Cookie: a=b',
      'X-Request-Id: a, b',
      'traceparent: 00-00000000000000000000000000000000-0000000000000000-01',
      'Connection: if-match, x-crm-assertion, accept',
      'If-Match: "1"',
      'Accept: text/x',
      'Keep-Alive: 300',
      'TE: trailers',
      'Upgrade: h2c',
      'Expect: 100-continue',
      'Proxy-Authorization: Basic abc',
      'If-None-Match: "7"',
    );
    expect(answer).toMatch(/HTTP\/1\.1 200/);
    const [received] = gateway.marketing.received;
    const names = received!.rawHeaders.filter((_name, index) => index % 2 === 0).map((name) => name.toLowerCase());
    expect(names.sort()).toEqual([
      'connection',
      'host',
      'if-none-match',
      'traceparent',
      'x-crm-assertion',
      'x-crm-client-address',
      'x-request-id',
    ]);
    expect(received!.headers['x-crm-assertion']).not.toContain('forged');
    expect(received!.headers['x-crm-client-address']).toBe('127.0.0.1');
    expect(received!.headers['host']).toBe(new URL(gateway.marketing.url).host);
    expect(received!.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(received!.headers['traceparent']).not.toContain('00-00000000000000000000000000000000');
  });

  it('ALL-6: a sane request id and a valid trace of the client go on', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = await raw(
      'GET /api/v1/opportunities HTTP/1.1',
      'X-Request-Id: order-7.a_b',
      `traceparent: 00-${trace}-00f067aa0ba902b7-01`,
    );
    const [received] = gateway.marketing.received;
    expect(received!.headers['x-request-id']).toBe('order-7.a_b');
    expect(received!.headers['traceparent']).toContain(trace);
    expect(answer).toContain('x-request-id: order-7.a_b');
    expect(answer).toContain(`traceparent: 00-${trace}`);
  });

  it('a second request hidden in the body of a first one stays a body', async () => {
    const hidden = 'GET /api/v1/internal/access HTTP/1.1\r\nHost: crm\r\n\r\n';
    await raw(
      'POST /api/v1/opportunities HTTP/1.1',
      'Content-Type: application/json',
      `Content-Length: ${hidden.length}`,
      '',
      hidden,
    );
    expect(gateway.received.map(({ url, body }) => ({ url, body }))).toEqual([
      { url: '/api/v1/opportunities', body: hidden },
    ]);
  });

  it('AUT-6: whatever path is asked for, only addresses of the table reach a service', async () => {
    const shapes = ROUTES.filter(({ access }) => access !== 'gateway').map(
      ({ path }) => new RegExp(`^/api/v1${path.replace(/:\w+/g, '[^/]+')}(\\?.*)?$`),
    );
    const piece = fc.constantFrom(
      '/',
      '//',
      '..',
      '.',
      '%2e',
      '%2f',
      '\\',
      'api',
      'v1',
      'internal',
      'access',
      'opportunities',
      'users',
      'x',
      '?',
      ';',
      '@',
      ':',
      '%20',
      '#',
      '*',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), fc.boolean(), async (pieces, below) => {
        gateway.forgetReceived();
        await raw(`GET ${below ? '/api/v1/' : '/'}${pieces.join('')} HTTP/1.1`);
        for (const { url } of gateway.received) expect(shapes.some((shape) => shape.test(url))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningApp } from '#platform';
import { DEMO_PASSWORD, Suite } from './suite.fixture.js';

/** What no two answers share. */
const OWN_HEADERS = ['date', 'x-request-id', 'traceparent'];

describe('Services in the gateway’s process and in others answer alike', () => {
  /** Its own gateway has connections to the services. */
  let suite: Suite;
  let together: RunningApp;
  let token: string;
  beforeAll(async () => {
    suite = await Suite.start();
    together = await suite.startGateway(true);
    const answer = await supertest(suite.url)
      .post('/api/v1/auth/login')
      .send({ username: 'manager', password: DEMO_PASSWORD })
      .expect(200);
    token = (answer.body as { accessToken: string }).accessToken;
  });
  afterAll(async () => {
    await together?.stop();
    await suite?.stop();
  });

  type Front = Pick<RunningApp, 'url'>;
  type Asked = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };
  async function ask({ url }: Front, path: string, init: Asked = {}) {
    const headers = { authorization: `Bearer ${token}`, 'accept-encoding': 'identity', ...init.headers };
    const answer = await fetch(`${url}/api/v1${path}`, { ...init, headers });
    const shown = [...answer.headers].filter(([name]) => !OWN_HEADERS.includes(name));
    for (const name of OWN_HEADERS) expect(answer.headers.get(name)).toBeTruthy();
    const body = (await answer.text()).replaceAll(/"traceId":"[0-9a-f]{32}"/g, '"traceId":"…"');
    return { status: answer.status, headers: Object.fromEntries(shown), body };
  }
  /** Asks by both ways, and for the first time by the one given. */
  async function alike(status: number, path: string, init?: Asked, first: Front = together) {
    const before = suite.handedOver;
    const one = await ask(first, path, init);
    const other = await ask(first === together ? suite : together, path, init);
    expect(suite.handedOver).toBe(before + 1);
    expect(other).toEqual(one);
    expect(one).toMatchObject({ status });
    return one;
  }
  const json = (body: unknown, headers: Record<string, string> = {}, method = 'POST'): Asked => ({
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

  it('ALL-2: writes, each heard by one and repeated by the other; records, versions and lists', async () => {
    for (const [index, first] of [together, suite].entries()) {
      const created = await alike(
        201,
        '/customers',
        json(
          { name: `Alike ${index} 客户`, ownerId: await suite.idOf('alice') },
          { 'idempotency-key': `create-${index}` },
        ),
        first,
      );
      const { id } = JSON.parse(created.body) as { id: string };
      expect(created.headers).toMatchObject({ etag: '"1"', location: `/api/v1/customers/${id}` });
      await alike(200, `/customers/${id}`);
      const head = await alike(200, `/customers/${id}`, { method: 'HEAD' });
      expect(head.body).toBe('');
      const change = { 'if-match': '"1"', 'idempotency-key': `change-${index}` };
      await alike(200, `/customers/${id}`, json({ name: `Alike ${index} again` }, change, 'PATCH'), first);
      await alike(412, `/customers/${id}`, json({ name: 'late' }, { 'if-match': '"1"' }, 'PATCH'), first);
      await alike(
        204,
        `/customers/${id}`,
        { method: 'DELETE', headers: { 'idempotency-key': `delete-${index}` } },
        first,
      );
    }
    await alike(200, '/customers?limit=5&sort=name&count=true');
    await alike(200, '/customers?q=Ali');
  });

  it('ALL-1: refusals, in both languages', async () => {
    for (const headers of [{ 'accept-language': 'en' }, { 'accept-language': 'zh-CN' }]) {
      await alike(404, '/customers/01900000-0000-7000-8000-000000000000', { headers });
      await alike(400, '/customers?nonsense=1', { headers });
      await alike(400, '/customers', json({ name: 5 }, headers));
      await alike(400, '/customers', json('{"name":', headers));
      await alike(400, '/customers', json(Buffer.from([0x22, 0xff, 0x22]).toString('latin1'), headers));
      await alike(400, '/customers', json('', headers));
      await alike(401, '/auth/login', json({ username: 'manager', password: 'wrong' }, headers));
    }
  });

  it('MKT-9, CUS-8: files in and out', async () => {
    const csv = (text: string): Asked => ({ method: 'POST', headers: { 'content-type': 'text/csv' }, body: text });
    for (const gateway of [together, suite]) {
      const answer = await ask(
        gateway,
        '/customers/imports',
        csv(`externalRef,name,owner\nx-${gateway.url},文件,alice\n`),
      );
      expect(answer).toMatchObject({ status: 202, headers: { location: expect.stringContaining('/jobs/') } });
      const job = answer.headers.location!.replace('/api/v1', '');
      await suite.eventually(
        async () => (JSON.parse((await ask(gateway, job)).body) as { status: string }).status === 'succeeded',
        'the import did not end',
      );
    }
    const file = await alike(200, '/customers/export');
    expect(file.body).toContain('文件');
    expect(file.headers['content-disposition']).toContain('attachment');
  });
});

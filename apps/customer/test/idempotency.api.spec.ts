import { CustomerDeleted, type CustomerView } from '#contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { CHANGED, ownKeys, startWorld, type World } from './customer.fixture.js';

let world: World;
let k: (name: string) => string;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());
beforeEach(() => {
  k = ownKeys();
});

const PATH = '/api/v1/customers';
const as = (person: 'manager' | 'alice' | 'bob' | 'salesSystem') => world.service.as(world[person]);
const created = async (name: string) => (await as('alice').post(PATH).send({ name }).expect(201)).body as CustomerView;

describe('a repeated Idempotency-Key', () => {
  it('ALL-3: POST answers once more 201 with the same ETag and Location', async () => {
    const send = () => as('alice').post(PATH).set('idempotency-key', k('post')).send({ name: 'Once' }).expect(201);
    const first = await send();
    const again = await send();
    expect(again.body).toEqual(first.body);
    for (const { headers } of [first, again])
      expect(headers).toMatchObject({ etag: '"1"', location: `${PATH}/${first.body.id}` });
  });

  it('ALL-3: PATCH acts once, and gives the first answer also after a later change', async () => {
    const { id } = await created('Before');
    const send = () =>
      as('alice')
        .patch(`${PATH}/${id}`)
        .set({ 'idempotency-key': k('patch'), 'if-match': '"1"' })
        .send({ name: 'After' })
        .expect(200);
    const first = await send();
    await as('alice').patch(`${PATH}/${id}`).send({ name: 'Later' }).expect(200);
    const again = await send();
    expect(again.body).toEqual(first.body);
    expect(again.headers.etag).toBe('"2"');
    expect(again.headers.location).toBeUndefined();
    expect((await as('alice').get(`${PATH}/${id}`)).body).toMatchObject({ name: 'Later', version: 3 });
  });

  it('ALL-3: the same key with another body is refused', async () => {
    const { id } = await created('Before');
    const patch = (name: string) =>
      as('alice').patch(`${PATH}/${id}`).set('idempotency-key', k('reused')).send({ name });
    await patch('One').expect(200);
    const { body: problem, headers } = await patch('Two').expect(422);
    expect(problem.type).toBe('/problems/idempotency-key-reused');
    expect(headers.etag).toBeUndefined();
  });

  it('ALL-3: DELETE answers 204 again, though the record is gone', async () => {
    const { id } = await created('Gone');
    const remove = () => as('manager').delete(`${PATH}/${id}`).set('idempotency-key', k('delete')).expect(204);
    await remove();
    const again = await remove();
    expect(again.text).toBe('');
    expect(again.headers.etag).toBeUndefined();
    await as('manager').delete(`${PATH}/${id}`).expect(404);
    const told = 'SELECT FROM outbox WHERE aggregate_id = $1 AND type = $2';
    expect(await world.service.query(told, [id, CustomerDeleted.type])).toHaveLength(1);
  });

  it('ALL-3: a deletion and a restoration by code answer again, though the code leads to nothing of that kind any more', async () => {
    const { code } = await created('To and fro');
    const remove = () => as('manager').delete(`${PATH}/${code}`).set('idempotency-key', k('remove'));
    const restore = () => as('manager').post(`${PATH}/${code}/restore`).set('idempotency-key', k('restore'));
    for (const _ of [1, 2]) await remove().expect(204);
    const first = await restore().expect(200);
    expect((await restore().expect(200)).body).toEqual(first.body);
    await remove().expect(204);
    await as('manager').get(`${PATH}/${code}`).expect(200);
    await as('manager').post(`${PATH}/${code}/restore`).expect(404);
    await as('manager').post(`${PATH}/CUS-999999/restore`).set('idempotency-key', k('restore')).expect(422);
    await as('manager').post(`${PATH}/CUS-999999/restore`).set('idempotency-key', k('new')).expect(404);
  });

  it('ALL-3: a request whose first one still runs waits for its answer, and is told to come again when that takes long', async () => {
    const send = () => as('alice').post(PATH).set('idempotency-key', k('busy')).send({ name: 'Busy' });
    const first = new pg.Client({
      connectionString: world.service.database.url,
      options: '-c search_path=customer',
    });
    await first.connect();
    try {
      await first.query('BEGIN');
      await first.query(`INSERT INTO idempotency_key (principal, key, fingerprint) VALUES ($1, $2, 'running')`, [
        world.alice.id,
        k('busy'),
      ]);
      const { body } = await send().expect(409);
      expect(body.type).toBe('/problems/idempotency-in-progress');
      const waiting = send().then(({ status }) => status);
      await world.service.eventually(async () => {
        const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        return (await world.service.query(sql)).length === 1;
      }, 'the request does not wait');
      await first.query('ROLLBACK');
      expect(await waiting).toBe(201);
    } finally {
      await first.end();
    }
  }, 60_000);

  it('ALL-3: PUT of the feed gives its first result', async () => {
    const items = [{ key: k('P'), version: 1, name: 'Chai', price: '18', currency: 'USD' }];
    const send = () =>
      as('salesSystem')
        .put('/api/v1/sales-feed/products')
        .set('idempotency-key', k('put'))
        .send({ items })
        .expect(200, CHANGED);
    await send();
    await send();
  });
});

describe('what a request is held to', () => {
  it('ALL-1: a missing record is answered before a bad body or query, a code like an id', async () => {
    const { code } = await created('Here');
    const bad = (at: string) => as('alice').patch(`${PATH}/${at}`).send({ name: 1 });
    await bad('01920000-0000-7000-8000-000000000009').expect(404);
    await bad('CUS-999999').expect(404);
    await bad(code.toLowerCase()).expect(400);
    await as('alice').get(`${PATH}/${code}?x=1`).expect(400);
  });

  it('ALL-1: an id in capitals is the same id, and a code leads to the ETag of its record', async () => {
    const { id, code } = await created('Here');
    for (const at of [id.toUpperCase(), code.toLowerCase()]) {
      const { body, headers } = await as('alice').get(`${PATH}/${at}`).expect(200);
      expect(body.id).toBe(id);
      expect(headers.etag).toBe('"1"');
      expect((await as('alice').head(`${PATH}/${at}`).expect(200)).headers.etag).toBe('"1"');
    }
  });
});

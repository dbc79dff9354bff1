import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AccessSnapshot, RIGHTS } from '#contracts';
import type { TestService } from '#testing';
import { actorOf, GATEWAY, newcomer, startAuth } from './auth-service.js';

const PERSON = { displayName: 'Carol Sun 孙卡', roles: ['account_manager'], password: 'winter-garden-7' };

interface UserPage {
  items: { username: string }[];
  nextCursor: string | null;
}

describe('users, roles and the snapshot', () => {
  let auth: TestService;
  beforeAll(async () => {
    auth = await startAuth();
  });
  afterAll(() => auth.stop());

  const as = async (username: string) => auth.as(await actorOf(auth, username));
  const create = async (by: string, body: object) => (await as(by)).post('/api/v1/users').send(body);
  const snapshot = async () =>
    (await auth.as(GATEWAY).get('/api/v1/internal/access').expect(200)).body as AccessSnapshot;

  it('AUT-2: a user is created with name, contact and roles, and everybody hears of it', async () => {
    const { status, body, headers } = await create('sysadmin', {
      ...PERSON,
      username: 'carol',
      email: 'carol@example.com',
      phone: '+86 10 5555',
    });
    expect(status).toBe(201);
    expect(headers).toMatchObject({ location: `/api/v1/users/${body.id}`, etag: '"1"' });
    expect(body).toEqual({
      id: expect.any(String),
      username: 'carol',
      displayName: 'Carol Sun 孙卡',
      email: 'carol@example.com',
      phone: '+86 10 5555',
      roles: ['account_manager'],
      status: 'active',
      version: 1,
      createdAt: expect.any(String),
    });
    const event = await auth.events.published('crm.auth.user.created.v1', ({ subject }) => subject === body.id);
    expect(event.data).toEqual({
      userId: body.id,
      username: 'carol',
      displayName: 'Carol Sun 孙卡',
      status: 'active',
      roles: ['account_manager'],
    });
    expect(event.actorid).toBe((await actorOf(auth, 'sysadmin')).id);
  });

  it('AUT-2: the username is unique in any case, also when two ask at once', async () => {
    const answers = await Promise.all(
      ['dora', 'Dora', 'DORA'].map((username) => create('admin', { ...PERSON, username })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(answers.find(({ status }) => status === 409)!.body).toMatchObject({
      type: '/problems/already-exists',
      field: 'username',
    });
  });

  it('AUT-2, AUT-3: bad input is refused by field, a weak password and an unknown role by rule', async () => {
    const bad = await create('admin', { ...PERSON, username: 'a b', email: 'x', isAdmin: true });
    expect(bad.status).toBe(400);
    expect(bad.body.errors.map(({ path }: { path: string }) => path).sort()).toEqual(['email', 'isAdmin', 'username']);
    for (const password of ['short', 'Password123', 'evelyn.adams']) {
      const weak = await create('admin', { ...PERSON, username: 'Evelyn.Adams', password });
      expect([weak.status, weak.body.type]).toEqual([422, '/problems/weak-password']);
    }
    const unknown = await create('admin', { ...PERSON, username: 'evelyn', roles: ['account_manager', 'emperor'] });
    expect([unknown.status, unknown.body.type]).toEqual([422, '/problems/unknown-reference']);
  });

  it('AUT-2: users are disabled and enabled; the state that is there already is refused', async () => {
    const { id } = await newcomer(auth, 'frank');
    const admin = await as('admin');
    const disabled = await admin.post(`/api/v1/users/${id}/disable`).expect(200);
    expect(disabled.body).toMatchObject({ status: 'disabled', version: 2 });
    const again = await admin.post(`/api/v1/users/${id}/disable`).expect(409);
    expect(again.body).toMatchObject({ type: '/problems/illegal-transition', state: 'disabled', allowed: ['enable'] });
    await admin.post(`/api/v1/users/${id}/enable`).set('If-Match', '"1"').expect(412);
    await admin.post(`/api/v1/users/${id}/enable`).set('If-Match', '"2"').expect(200);
    const event = await auth.events.published(
      'crm.auth.user.updated.v1',
      ({ subject, sequence }) => subject === id && sequence === 3,
    );
    expect(event.data).toMatchObject({ status: 'active' });
    await admin.post('/api/v1/users/0190a000-0000-7000-8000-000000000000/disable').expect(404);
    await (await as('manager')).post(`/api/v1/users/${id}/disable`).expect(403);
  });

  it('AUT-1: nobody changes their own roles, and their name they may', async () => {
    const sysadmin = await actorOf(auth, 'sysadmin');
    const path = `/api/v1/users/${sysadmin.id}`;
    const { body } = await auth
      .as(sysadmin)
      .patch(path)
      .send({ roles: ['system_admin', 'sales_manager'] })
      .expect(403);
    expect(body.type).toBe('/problems/own-roles');
    await auth
      .as(sysadmin)
      .patch(path)
      .send({ displayName: 'Sam 林', roles: ['system_admin'] })
      .expect(200);
    const admin = await actorOf(auth, 'admin');
    await auth
      .as(admin)
      .patch(`/api/v1/users/${admin.id}`)
      .send({ roles: ['super_admin', 'executive'] })
      .expect(403);
  });

  it('AUT-1: a change of roles is in the snapshot at once, under a new revision', async () => {
    const { id } = await newcomer(auth, 'ivan');
    const before = await snapshot();
    await (
      await as('admin')
    )
      .patch(`/api/v1/users/${id}`)
      .send({ roles: ['sales_manager'] })
      .expect(200);
    const after = await snapshot();
    expect(after.revision).toBeGreaterThan(before.revision);
    expect(after.principals.find((principal) => principal.id === id)).toMatchObject({
      roles: ['sales_manager'],
      kind: 'user',
      active: true,
    });
    expect((await auth.as(await actorOf(auth, 'ivan')).get('/api/v1/auth/me')).body.roles).toEqual(['sales_manager']);
  });

  it('AUT-6: who sees names only gets id, username and display name, and can’t ask by the rest', async () => {
    const alice = await as('alice');
    const { body } = await alice.get('/api/v1/users?q=陈爱&count=true').expect(200);
    expect(body).toEqual({
      items: [{ id: expect.any(String), username: 'alice', displayName: 'Alice Chen 陈爱丽' }],
      nextCursor: null,
      total: 1,
    });
    await alice.get('/api/v1/users?status=active').expect(403);
    await alice.get('/api/v1/users?sort=createdAt').expect(403);
    await (await as('executive')).get('/api/v1/users').expect(403);
  });

  it('AUT-2: users are listed by page, filter and sort', async () => {
    const admin = await as('admin');
    const names: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body }: { body: UserPage } = await admin
        .get(`/api/v1/users?limit=3&sort=-username${cursor && `&cursor=${cursor}`}`)
        .expect(200);
      names.push(...body.items.map(({ username }) => username));
      cursor = body.nextCursor;
    }
    const folded = names.map((name) => name.toLowerCase());
    expect(folded).toEqual([...folded].sort().toReversed());
    expect(names).toEqual(expect.arrayContaining(['admin', 'alice', 'bob', 'executive', 'manager', 'sysadmin']));
    const { body } = await admin.get('/api/v1/users?username=ALI').expect(200);
    expect(body.items).toMatchObject([{ username: 'alice', status: 'active', roles: ['account_manager'] }]);
    await admin.get('/api/v1/users?passwordHash=x').expect(400);
  });

  it('AUT-1: roles and rights are listed in both languages', async () => {
    const { body: roles } = await (await as('admin')).get('/api/v1/roles').expect(200);
    expect(roles.items.map(({ code }: { code: string }) => code)).toEqual([
      'super_admin',
      'system_admin',
      'sales_manager',
      'account_manager',
      'executive',
    ]);
    expect(roles.items[3]).toMatchObject({
      name: { en: 'Account manager', zh: '客户经理' },
      rights: expect.arrayContaining(['customer.update:own']),
    });
    const { body: rights } = await (await as('manager')).get('/api/v1/rights').expect(200);
    expect(rights.items).toHaveLength(Object.keys(RIGHTS).length);
    // Who sees of people their names only has nothing to look up here.
    await (await as('alice')).get('/api/v1/roles').expect(403);
    await (await as('alice')).get('/api/v1/rights').expect(403);
  });

  it('AUT-6: the snapshot has what the gateway decides by, and 304 while nothing changed', async () => {
    const first = await auth.as(GATEWAY).get('/api/v1/internal/access').expect(200);
    const body = first.body as AccessSnapshot;
    expect(first.headers.etag).toBe(`"${body.revision}"`);
    expect(body.keys).toEqual([
      expect.objectContaining({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: expect.any(String) }),
    ]);
    expect(JSON.stringify(body.keys)).not.toContain('"d"');
    expect(body.principals.find(({ name }) => name === 'sales-system')).toMatchObject({
      kind: 'service-account',
      active: true,
      roles: [],
      grants: expect.arrayContaining(['sales-feed.write']),
    });
    const ask = () => auth.as(GATEWAY).get('/api/v1/internal/access').set('If-None-Match', first.headers.etag!);
    const unchanged = await ask().expect(304);
    expect(unchanged.text).toBe('');
    await newcomer(auth, 'judith');
    await ask().expect(200);
  });

  it('AUT-5: a snapshot of a revision holds every change up to it, while many are made at once', async () => {
    let known = (await snapshot()).revision;
    const names = Array.from({ length: 12 }, (_, i) => `crowd${i}`);
    const done = Promise.all(names.map((username) => newcomer(auth, username)));
    const seen = new Map<number, string>();
    let isDone = false;
    void done.then(() => (isDone = true));
    while (!isDone) {
      const { revision, principals } = await snapshot();
      expect(revision).toBeGreaterThanOrEqual(known);
      known = revision;
      const state = JSON.stringify(principals.map(({ id }) => id).sort());
      expect(seen.get(revision) ?? state).toBe(state);
      seen.set(revision, state);
    }
    await done;
    expect((await snapshot()).principals.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestService } from '#testing';
import { actorOf, newcomer, startAuth } from './auth-service.js';

const PERSON = { displayName: 'Carol Sun 孙卡', roles: ['account_manager'], password: 'winter-garden-7' };

describe('the role that may do everything', () => {
  let auth: TestService;
  beforeAll(async () => {
    auth = await startAuth();
  });
  afterAll(() => auth.stop());

  const as = async (username: string) => auth.as(await actorOf(auth, username));
  const create = async (by: string, body: object) => (await as(by)).post('/api/v1/users').send(body);

  it('AUT-1: only a super_admin grants that role', async () => {
    const refused = await create('sysadmin', { ...PERSON, username: 'grace', roles: ['super_admin'] });
    expect(refused.status).toBe(403);
    const { id } = await newcomer(auth, 'grace');
    await (
      await as('sysadmin')
    )
      .patch(`/api/v1/users/${id}`)
      .send({ roles: ['super_admin'] })
      .expect(403);
    const granted = await (
      await as('admin')
    )
      .patch(`/api/v1/users/${id}`)
      .send({ roles: ['super_admin'] })
      .expect(200);
    expect(granted.body.roles).toEqual(['super_admin']);
    await (
      await as('sysadmin')
    )
      .patch(`/api/v1/users/${id}`)
      .send({ roles: ['executive'] })
      .expect(403);
    await (
      await as('admin')
    )
      .patch(`/api/v1/users/${id}`)
      .send({ roles: ['executive'] })
      .expect(200);
  });

  it('AUT-1: the last active super_admin stays, also when two are disabled at once', async () => {
    const admin = await actorOf(auth, 'admin');
    const last = await auth.as(admin).post(`/api/v1/users/${admin.id}/disable`).expect(409);
    expect(last.body.type).toBe('/problems/last-super-admin');

    const { body: second } = await create('admin', { ...PERSON, username: 'harriet', roles: ['super_admin'] });
    const both = [admin, await actorOf(auth, second.username)];
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(both.map((each) => auth.as(each).post(`/api/v1/users/${each.id}/disable`)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      const first = answers.findIndex(({ status }) => status === 200);
      await auth
        .as(both[1 - first]!)
        .post(`/api/v1/users/${both[first]!.id}/enable`)
        .expect(200);
    }
    // Whoever is disabled is no super_admin any more, even while the gateway still lets a request of theirs through.
    await auth.as(admin).post(`/api/v1/users/${second.id}/disable`).expect(200);
    await auth.as(both[1]!).post(`/api/v1/users/${second.id}/enable`).expect(403);
  });

  it('AUT-1: whoever holds super_admin is managed by a super_admin only', async () => {
    const { body: chief } = await create('admin', { ...PERSON, username: 'irene', roles: ['super_admin'] });
    const sysadmin = await as('sysadmin');
    const path = `/api/v1/users/${chief.id}`;
    const refused = [
      await sysadmin.patch(path).send({ displayName: 'Renamed' }),
      await sysadmin.patch(path).send({ email: 'mine@example.com' }),
      await sysadmin.post(`${path}/disable`),
      await sysadmin.post(`${path}/enable`),
      await sysadmin.post(`${path}/unlock`),
    ];
    for (const { status, body } of refused)
      expect([status, body.type, body.right]).toEqual([403, '/problems/forbidden', 'super_admin']);
    expect((await sysadmin.get('/api/v1/users?username=irene').expect(200)).body.items).toMatchObject([
      { displayName: PERSON.displayName, email: null, status: 'active', version: 1 },
    ]);
    const admin = await as('admin');
    await admin.patch(path).send({ displayName: 'Renamed' }).expect(200);
    await admin.post(`${path}/disable`).expect(200);
    await sysadmin.post(`${path}/enable`).expect(403);
    await admin.post(`${path}/enable`).expect(200);
    await admin.post(`${path}/unlock`).expect(200);
  });
});

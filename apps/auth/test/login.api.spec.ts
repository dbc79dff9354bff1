import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import type { TestService } from '#testing';
import { actorOf, ADMIN_PASSWORD, DEMO_PASSWORD, GATEWAY, login, newcomer, post, startAuth } from './auth-service.js';

describe('login', () => {
  let auth: TestService;
  beforeAll(async () => {
    auth = await startAuth();
  });
  afterAll(() => auth.stop());

  it('AUT-5: gives a 15 minute token, signed with ES256 by a published key, that says who and never what they may do', async () => {
    const { body } = await login(auth, 'alice').expect(200);
    expect(body).toMatchObject({ tokenType: 'Bearer', expiresIn: 900, mustChangePassword: false });
    const { body: snapshot } = await auth.as(GATEWAY).get('/api/v1/internal/access').expect(200);
    const { payload, protectedHeader } = await jwtVerify(
      body.accessToken,
      createLocalJWKSet(snapshot as JSONWebKeySet),
      {
        algorithms: ['ES256'],
        issuer: 'crm',
        audience: 'crm',
        typ: 'at+jwt',
      },
    );
    expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'kid', 'typ']);
    const alice = await actorOf(auth, 'alice');
    expect(Object.keys(payload).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'name', 'sid', 'sub']);
    expect(payload).toMatchObject({ sub: alice.id, name: 'alice', exp: payload.iat! + 900 });
  });

  it('AUT-2: the username counts in any case', async () => {
    await login(auth, 'ALICE').expect(200);
  });

  it('AUT-4: gives the same answer for a wrong name, a wrong password, a disabled and a locked account', async () => {
    const admin = await actorOf(auth, 'admin');
    const disabled = await newcomer(auth, 'left.early');
    await auth.as(admin).post(`/api/v1/users/${disabled.id}/disable`).expect(200);
    const locked = await newcomer(auth, 'guessed.at');
    for (let i = 0; i < 5; i++) await login(auth, locked.username, 'wrong').expect(401);

    const answers = [
      await login(auth, 'nobody', 'wrong'),
      await login(auth, 'alice', 'wrong'),
      await login(auth, disabled.username, disabled.password),
      await login(auth, locked.username, locked.password),
    ];
    for (const { status, body, headers } of answers) {
      const { traceId: _traceId, ...rest } = body;
      const { traceId: _other, ...first } = answers[0]!.body;
      expect(status).toBe(401);
      expect(rest).toEqual(first);
      expect(Object.keys(headers).sort()).toEqual(Object.keys(answers[0]!.headers).sort());
    }
    expect(answers[0]!.body.type).toBe('/problems/invalid-credentials');
  });

  it('AUT-4: takes as long for a wrong name, a wrong password and a locked account', async () => {
    const { username: locked } = await newcomer(auth, 'slow.guess');
    const { username: known } = await newcomer(auth, 'slow.known');
    for (let i = 0; i < 5; i++) await login(auth, locked, 'wrong').expect(401);
    const times: Record<string, number[]> = { unknown: [], known: [], locked: [] };
    for (let i = 0; i < 25; i++)
      for (const [kind, name] of Object.entries({ unknown: `nobody${i}`, known, locked })) {
        const begin = performance.now();
        // Each from another range, so that none gets locked on the way; the locked one from its own.
        await login(auth, name, 'wrong', kind === 'locked' ? undefined : `198.51.${i}.1`).expect(401);
        times[kind]!.push(performance.now() - begin);
      }
    const median = (kind: string) => times[kind]!.sort((a, b) => a - b)[12]!;
    expect(median('unknown') / median('known')).toBeGreaterThan(0.6);
    expect(median('unknown') / median('known')).toBeLessThan(1.6);
    expect(median('locked') / median('known')).toBeGreaterThan(0.6);
    expect(median('locked') / median('known')).toBeLessThan(1.6);
  });

  it('AUT-4: 5 failures in a row lock an account for 15 minutes, for that address range only', async () => {
    const { username, password } = await newcomer(auth, 'door.knocker');
    for (let i = 0; i < 4; i++) await login(auth, username, 'wrong', `203.0.113.${i}`).expect(401);
    await login(auth, username, password, '203.0.113.9').expect(200);
    for (let i = 0; i < 5; i++) await login(auth, username, 'wrong', `203.0.113.${i}`).expect(401);
    await login(auth, username, password, '203.0.113.200').expect(401);
    await login(auth, username, password, '203.0.114.1').expect(200);

    await auth.query(`UPDATE login_failure SET locked_until = locked_until - interval '14 minutes 50 seconds'`);
    await login(auth, username, password, '203.0.113.200').expect(401);
    await auth.query(`UPDATE login_failure SET locked_until = locked_until - interval '11 seconds'`);
    await login(auth, username, password, '203.0.113.200').expect(200);
  });

  it('AUT-4: of many guesses at once no more than the limit are heard', async () => {
    const { username, password } = await newcomer(auth, 'burst.target');
    const guesses = Array.from({ length: 20 }, (_, i) => (i === 15 ? password : `guess number ${i}`));
    const answers = await Promise.all(guesses.map((guess) => login(auth, username, guess, '203.0.115.1')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(0);
    await login(auth, username, password, '203.0.115.1').expect(401);
  });

  it('AUT-4: many right logins at once all succeed', async () => {
    const { username, password } = await newcomer(auth, 'many.tabs');
    const answers = await Promise.all(Array.from({ length: 15 }, () => login(auth, username, password)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 15 }, () => 200));
  });

  /** One wrong password from each of these addresses. */
  const guessFrom = async (username: string, addresses: readonly string[]) => {
    for (const address of addresses) await login(auth, username, 'wrong', address).expect(401);
  };
  const networks = (count: number) => Array.from({ length: count }, (_, i) => `10.2.${i}.1`);
  const failuresAnywhere = async () =>
    (await auth.query<{ failures: number }>(`SELECT failures FROM login_failure WHERE network = '*' AND failures > 0`))
      .map(({ failures }) => failures)
      .sort((a, b) => b - a)[0] ?? 0;

  it('AUT-4: failures from many networks lock it for all; an administrator can unlock it', async () => {
    const { id, username, password } = await newcomer(auth, 'hunted.one');
    const admin = await actorOf(auth, 'admin');
    const statusOf = async () =>
      (await auth.as(admin).get(`/api/v1/users?username=${username}`).expect(200)).body.items[0].status as string;
    await guessFrom(username, networks(49));
    expect(await statusOf()).toBe('active');
    await guessFrom(username, ['10.2.200.1']);
    await login(auth, username, password, '10.3.0.1').expect(401);
    expect(await statusOf()).toBe('locked');
    expect((await auth.as(admin).get('/api/v1/users?status=locked').expect(200)).body.items).toMatchObject([
      { username },
    ]);

    await auth.as(admin).post(`/api/v1/users/${id}/unlock`).expect(200);
    expect(await statusOf()).toBe('active');
    await login(auth, username, password, '10.3.0.1').expect(200);
  });

  it('AUT-4: the lock for all leaves out where the person has lately logged in from, and outlives that login', async () => {
    const { username, password } = await newcomer(auth, 'hunted.at.home');
    await login(auth, username, password, '10.1.0.1').expect(200);
    await guessFrom(username, networks(50));
    await login(auth, username, password, '10.3.0.1').expect(401);
    await login(auth, username, password, '10.1.0.99').expect(200);
    await login(auth, username, password, '10.3.0.1').expect(401);
    // The lock for that range itself holds there too.
    await guessFrom(username, ['10.1.0.5', '10.1.0.6', '10.1.0.7', '10.1.0.8', '10.1.0.9']);
    await login(auth, username, password, '10.1.0.1').expect(401);
    await auth.query(`DELETE FROM login_failure WHERE network <> '*'`);
    await auth.query(`UPDATE login_network SET succeeded_at = succeeded_at - interval '31 days'`);
    await login(auth, username, password, '10.1.0.1').expect(401);
  });

  it('AUT-4: towards the lock for all counts one failure of a network in a minute', async () => {
    await auth.query('TRUNCATE login_failure, login_network');
    const { username } = await newcomer(auth, 'hunted.slowly');
    await guessFrom(
      username,
      Array.from({ length: 4 }, (_, i) => `10.4.0.${i}`),
    );
    expect(await failuresAnywhere()).toBe(1);
    await auth.query(`UPDATE login_network SET counted_at = counted_at - interval '61 seconds'`);
    await guessFrom(username, ['10.4.0.9']);
    expect(await failuresAnywhere()).toBe(2);
    // Now the range is locked, and adds nothing more.
    await auth.query(`UPDATE login_network SET counted_at = counted_at - interval '61 seconds'`);
    await guessFrom(username, ['10.4.0.10']);
    expect(await failuresAnywhere()).toBe(2);
  });

  it('AUT-4: towards the lock for all a /48 of IPv6 is one network', async () => {
    await auth.query('TRUNCATE login_failure, login_network');
    const { username, password } = await newcomer(auth, 'hunted.by.six');
    await guessFrom(
      username,
      Array.from({ length: 55 }, (_, i) => `2001:db8:7:${i.toString(16)}::1`),
    );
    expect(await failuresAnywhere()).toBe(1);
    await guessFrom(username, ['2001:db8:8::1']);
    expect(await failuresAnywhere()).toBe(2);
    await login(auth, username, password, '2001:db8:7:1::2').expect(200);
  });

  it('AUT-4: what is known of networks is cleared away when no lock depends on it any more', async () => {
    await auth.query('TRUNCATE login_failure, login_network');
    const { username, password } = await newcomer(auth, 'moved.on');
    await login(auth, username, password, '10.5.0.1').expect(200);
    await login(auth, username, 'wrong', '10.5.1.1').expect(401);
    await auth.query(`UPDATE login_network SET kept_until = kept_until - interval '2 minutes'`);
    await login(auth, 'nobody', 'wrong', '10.5.2.1').expect(401);
    const left = await auth.query('SELECT network FROM login_network ORDER BY network');
    expect(left).toEqual([{ network: '10.5.0.0/24' }, { network: '10.5.2.0/24' }]);
  });

  it('AUT-4: failed logins keep no name, since people type passwords into the wrong field', async () => {
    await login(auth, 'MySecret-typed-as-name', 'x').expect(401);
    const rows =
      JSON.stringify(await auth.query(`SELECT *, encode(account, 'escape') AS text FROM login_failure`)) +
      JSON.stringify(await auth.query(`SELECT *, encode(account, 'escape') AS text FROM login_network`));
    expect(rows.toLowerCase()).not.toContain('mysecret');
  });

  it('AUT-3: a first password must be changed, the administrator’s too; demo users’ need not', async () => {
    const { username, password } = await newcomer(auth, 'first.day');
    expect((await login(auth, username, password).expect(200)).body.mustChangePassword).toBe(true);
    expect((await login(auth, 'admin', ADMIN_PASSWORD).expect(200)).body.mustChangePassword).toBe(true);
    expect((await login(auth, 'bob').expect(200)).body.mustChangePassword).toBe(false);
    const me = await actorOf(auth, username);
    expect((await auth.as(me).get('/api/v1/auth/me').expect(200)).body.mustChangePassword).toBe(true);
  });

  it('AUT-8: a service account logs in with its id and secret, and its wrong secret counts too', async () => {
    const credentials = { grantType: 'client_credentials', clientId: 'sales-system', clientSecret: DEMO_PASSWORD };
    const { body } = await post(auth, '/auth/token', credentials).expect(200);
    expect(Object.keys(body).sort()).toEqual(['accessToken', 'expiresIn', 'tokenType']);
    expect(decodeProtectedHeader(body.accessToken)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    for (let i = 0; i < 5; i++) await post(auth, '/auth/token', { ...credentials, clientSecret: 'wrong' }).expect(401);
    await post(auth, '/auth/token', credentials).expect(401);
    await post(auth, '/auth/token', credentials, '192.0.3.1').expect(200);
    await post(auth, '/auth/token', { ...credentials, clientId: 'nobody' }).expect(401);
  });

  it('AUT-9: me lists the rights with their scope', async () => {
    const { body } = await auth
      .as(await actorOf(auth, 'alice'))
      .get('/api/v1/auth/me')
      .expect(200);
    expect(body).toMatchObject({ username: 'alice', displayName: 'Alice Chen 陈爱丽', roles: ['account_manager'] });
    expect(body.rights).toEqual(
      expect.arrayContaining([
        { right: 'user.read', scope: 'names' },
        { right: 'customer.update', scope: 'own' },
        { right: 'customer.read', scope: 'all' },
      ]),
    );
    expect(body.rights.map(({ right }: { right: string }) => right)).not.toContain('user.write');
  });

  it('AUT-6: believes nobody but the gateway', async () => {
    const { default: supertest } = await import('supertest');
    await supertest(auth.url)
      .post('/api/v1/auth/login')
      .send({ username: 'alice', password: DEMO_PASSWORD })
      .expect(401);
    await auth
      .as(await actorOf(auth, 'admin'))
      .get('/api/v1/internal/access')
      .expect(401);
    await auth
      .as(await actorOf(auth, 'alice'))
      .post('/api/v1/users')
      .send({})
      .expect(403);
  });

  it('AUT-6: a right with a scope that it does not have counts as not held', async () => {
    const admin = await actorOf(auth, 'admin');
    const narrowed = { ...admin, rights: { ...admin.rights, 'user.write': 'own' as const } };
    const user = { username: 'smuggled', displayName: 'S', roles: ['sales_manager'], password: 'winter-garden-7' };
    const { body } = await auth.as(narrowed).post('/api/v1/users').send(user).expect(403);
    expect(body).toMatchObject({ type: '/problems/forbidden', right: 'user.write' });
    // Neither does a right to change people reach those whom the role does not let one see.
    const { id } = await newcomer(auth, 'unseen');
    for (const scope of ['names', 'own', undefined] as const)
      await auth
        .as({ ...admin, rights: { ...admin.rights, 'user.read': scope } })
        .patch(`/api/v1/users/${id}`)
        .send({ displayName: 'Seen' })
        .expect(404);
  });
});

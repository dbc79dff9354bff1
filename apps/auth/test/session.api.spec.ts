import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { TestService } from '#testing';
import { PasswordHasher } from '../src/password/password-hasher.service.js';
import { actorOf, DEMO_PASSWORD, GATEWAY, login, newcomer, refresh, sessionOf, startAuth } from './auth-service.js';

interface Pair {
  accessToken: string;
  refreshToken: string;
}

describe('sessions', () => {
  let auth: TestService;
  beforeAll(async () => {
    auth = await startAuth();
  });
  afterAll(() => auth.stop());

  const newSession = async (): Promise<Pair> => (await login(auth, 'alice').expect(200)).body as Pair;
  const next = async (token: string): Promise<Pair> => (await refresh(auth, token).expect(200)).body as Pair;
  const isRevoked = async (pair: Pair): Promise<boolean> => {
    const { body } = await auth.as(GATEWAY).get('/api/v1/internal/access').expect(200);
    return (body.revokedSessions as string[]).includes(sessionOf(pair.accessToken));
  };
  /** As if the session's tokens had been used so much earlier. */
  const age = (pair: Pair, interval: string) =>
    auth.query(
      `UPDATE refresh_token SET used_at = used_at - $2::interval, expires_at = expires_at - $2::interval WHERE session_id = $1`,
      [sessionOf(pair.accessToken), interval],
    );

  it('AUT-5: a refresh token is opaque, has 256 bits, is stored as a hash only, and is another one after each use', async () => {
    const first = await newSession();
    const second = await next(first.refreshToken);
    const third = await next(second.refreshToken);
    const tokens = [first, second, third].map(({ refreshToken }) => refreshToken);
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(sessionOf(third.accessToken)).toBe(sessionOf(first.accessToken));
    const stored = JSON.stringify(
      await auth.query(
        `SELECT encode(token_hash, 'hex') AS hex, encode(token_hash, 'base64') AS text FROM refresh_token`,
      ),
    );
    for (const token of tokens) {
      expect(stored).not.toContain(token);
      expect(stored).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
    }
  });

  it('AUT-5: reuse of a spent token ends the whole family', async () => {
    const first = await newSession();
    const second = await next(first.refreshToken);
    const third = await next(second.refreshToken);
    // Its successor was used: this can't be the repetition of a lost answer.
    await refresh(auth, first.refreshToken).expect(401);
    const { body } = await refresh(auth, third.refreshToken).expect(401);
    expect(body.type).toBe('/problems/invalid-refresh-token');
    expect(await isRevoked(first)).toBe(true);
    const event = await auth.events.published(
      'crm.auth.session.revoked.v1',
      ({ subject }) => subject === sessionOf(first.accessToken),
    );
    expect(event.data).toEqual({ sessionId: sessionOf(first.accessToken), userId: (await actorOf(auth, 'alice')).id });
  });

  it('AUT-5: a lost answer can be had again within 10 s, with the same successor', async () => {
    const first = await newSession();
    const lost = await next(first.refreshToken);
    await age(first, '9 seconds');
    const again = await next(first.refreshToken);
    expect(again.refreshToken).toBe(lost.refreshToken);
    await next(again.refreshToken);
    expect(await isRevoked(first)).toBe(false);
  });

  it('AUT-5: after 10 s the repetition counts as theft', async () => {
    const first = await newSession();
    const second = await next(first.refreshToken);
    await age(first, '11 seconds');
    await refresh(auth, first.refreshToken).expect(401);
    await refresh(auth, second.refreshToken).expect(401);
    expect(await isRevoked(first)).toBe(true);
  });

  it('AUT-5: 2 to 5 refreshes at once by an honest client do not log it out, and a thief of its old token gets nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 2, max: 5 }), { minLength: 1, maxLength: 4 }), async (rounds) => {
        const session = await newSession();
        let { refreshToken } = session;
        const spent: string[] = [];
        for (const parallel of rounds) {
          const pairs = await Promise.all(Array.from({ length: parallel }, () => next(refreshToken)));
          expect(new Set(pairs.map((pair) => pair.refreshToken)).size).toBe(1);
          spent.push(refreshToken);
          refreshToken = pairs[0]!.refreshToken;
        }
        ({ refreshToken } = await next(refreshToken));
        expect(await isRevoked(session)).toBe(false);

        const thefts = await Promise.all(spent.map((token) => refresh(auth, token)));
        expect(thefts.map(({ status, body }) => [status, (body as Partial<Pair>).accessToken])).toEqual(
          spent.map(() => [401, undefined]),
        );
        await refresh(auth, refreshToken).expect(401);
        expect(await isRevoked(session)).toBe(true);
      }),
      { numRuns: 12 },
    );
  });

  it('AUT-5: an unused token ends after 7 days, a session after 30, without a word of theft', async () => {
    const idle = await newSession();
    await age(idle, '7 days 1 second');
    await refresh(auth, idle.refreshToken).expect(401);
    const old = await newSession();
    await auth.query(`UPDATE login_session SET expires_at = expires_at - interval '30 days 1 second' WHERE id = $1`, [
      sessionOf(old.accessToken),
    ]);
    await refresh(auth, old.refreshToken).expect(401);
    expect(await isRevoked(idle)).toBe(false);
    expect(await isRevoked(old)).toBe(false);
    await refresh(auth, 'not-a-token').expect(401);
  });

  it('AUT-5: logout revokes this session, again without harm, and no other', async () => {
    const [here, there] = [await newSession(), await newSession()];
    const alice = await actorOf(auth, 'alice', sessionOf(here.accessToken));
    await auth.as(alice).post('/api/v1/auth/logout').expect(204);
    await auth.as(alice).post('/api/v1/auth/logout').expect(204);
    await refresh(auth, here.refreshToken).expect(401);
    await refresh(auth, there.refreshToken).expect(200);
    expect(await isRevoked(here)).toBe(true);
    expect(await isRevoked(there)).toBe(false);
  });

  it('AUT-5: changing the password ends all sessions; AUT-3: the old one and weak ones are refused', async () => {
    const { username, password } = await newcomer(auth, 'changes.mind');
    const pairs = [
      (await login(auth, username, password).expect(200)).body,
      (await login(auth, username, password).expect(200)).body,
    ] as Pair[];
    const person = await actorOf(auth, username, sessionOf(pairs[0]!.accessToken));
    const change = (current: string, fresh: string) =>
      auth.as(person).post('/api/v1/auth/password').send({ current, new: fresh });
    await change('wrong', 'autumn-harvest-9').expect(401);
    for (const weak of ['short', 'Password123', username, password]) {
      const { body } = await change(password, weak).expect(422);
      expect(body.type).toBe('/problems/weak-password');
    }
    await change(password, 'autumn-harvest-9').expect(204);

    for (const pair of pairs) {
      expect(await isRevoked(pair)).toBe(true);
      await refresh(auth, pair.refreshToken).expect(401);
    }
    await login(auth, username, password).expect(401);
    expect((await login(auth, username, 'autumn-harvest-9').expect(200)).body.mustChangePassword).toBe(false);
  });

  it('AUT-4: a stolen access token can’t be used to guess the password', async () => {
    const { username, password } = await newcomer(auth, 'laptop.open');
    const person = await actorOf(auth, username);
    const change = (current: string) =>
      auth
        .as(person)
        .post('/api/v1/auth/password')
        .set('x-crm-client-address', '192.0.2.1')
        .send({ current, new: 'autumn-harvest-9' });
    const verified = jest.spyOn(PasswordHasher.prototype, 'verify');
    try {
      for (let i = 0; i < 5; i++) await change(`guess ${i}`).expect(401);
      expect(verified).toHaveBeenCalledTimes(5);
      await change(password).expect(401);
      // And not to keep the processor busy with hashing either.
      expect(verified).toHaveBeenCalledTimes(5);
    } finally {
      verified.mockRestore();
    }
    await login(auth, username, password).expect(401);
  });

  it('AUT-5: disabling a user ends their sessions, and enabling does not bring them back', async () => {
    const { id, username, password } = await newcomer(auth, 'sent.home');
    const pair = (await login(auth, username, password).expect(200)).body as Pair;
    const admin = await actorOf(auth, 'admin');
    await auth.as(admin).post(`/api/v1/users/${id}/disable`).expect(200);
    expect(await isRevoked(pair)).toBe(true);
    await refresh(auth, pair.refreshToken).expect(401);
    await login(auth, username, password).expect(401);
    await auth.as(admin).post(`/api/v1/users/${id}/enable`).expect(200);
    await refresh(auth, pair.refreshToken).expect(401);
    await login(auth, username, password).expect(200);
  });

  it('AUT-5: logins and refreshes that race with disabling leave no session alive', async () => {
    const { id, username, password } = await newcomer(auth, 'on.the.way.out');
    const { refreshToken } = (await login(auth, username, password).expect(200)).body as Pair;
    const admin = await actorOf(auth, 'admin');
    await Promise.all([
      ...Array.from({ length: 4 }, () => login(auth, username, password)),
      refresh(auth, refreshToken),
      auth.as(admin).post(`/api/v1/users/${id}/disable`).expect(200),
    ]);
    const alive = await auth.query('SELECT id FROM login_session WHERE user_id = $1 AND revoked_at IS NULL', [id]);
    expect(alive).toEqual([]);
  });

  it('AUT-3: no response, event, stored event or other row holds a password or a hash of one', async () => {
    const spoken: string[] = [];
    const { username, password } = await newcomer(auth, 'kept.secret', 'sunlit-meadow-31');
    const admin = await actorOf(auth, 'admin');
    spoken.push(
      JSON.stringify((await login(auth, username, 'x'.repeat(20))).body),
      JSON.stringify((await login(auth, username, password)).body),
    );
    for (const path of ['/users?limit=200', '/roles', '/rights', '/auth/me'])
      spoken.push(JSON.stringify((await auth.as(admin).get(`/api/v1${path}`).expect(200)).body));
    spoken.push(JSON.stringify((await auth.as(GATEWAY).get('/api/v1/internal/access').expect(200)).body));
    await auth.events.published(
      'crm.auth.user.created.v1',
      ({ data }) => (data as { username: string }).username === username,
    );
    spoken.push(JSON.stringify(auth.events.heard), JSON.stringify(await auth.query('SELECT * FROM outbox')));
    for (const { table } of await auth.query<{ table: string }>(
      `SELECT table_name AS "table" FROM information_schema.tables WHERE table_schema = 'auth' AND table_name NOT IN ('users', 'service_account')`,
    ))
      spoken.push(JSON.stringify(await auth.query(`SELECT * FROM ${table}`)));
    const hashes = await auth.query<{ hash: string }>(
      'SELECT password_hash AS hash FROM users UNION SELECT secret_hash FROM service_account',
    );
    for (const secret of [
      'sunlit-meadow-31',
      DEMO_PASSWORD,
      'tomato-lamp-42',
      '$argon2',
      ...hashes.map(({ hash }) => hash.split('$')[5]!),
    ])
      for (const text of spoken) expect(text).not.toContain(secret);
    const columns = JSON.stringify(await auth.query('SELECT * FROM users'));
    expect(columns).not.toContain('sunlit-meadow-31');
  });
});

import { type Actor, CLIENT_ADDRESS_HEADER, combineGrants } from '#contracts';
import { startTestService, type TestService } from '#testing';
import { start } from '../src/app.js';

export const ADMIN_PASSWORD = 'tomato-lamp-42';
export const DEMO_PASSWORD = 'Demo-Passw0rd!';

export const startAuth = (settings: Record<string, string | undefined> = {}): Promise<TestService> =>
  startTestService('auth', start, {
    SIGNING_KEY_SECRET: 'a secret of the tests, 32 characters',
    CRM_ADMIN_PASSWORD: ADMIN_PASSWORD,
    CRM_DEMO: 'true',
    ...settings,
  });

const NOBODY: Actor = { id: 'anonymous', name: '', kind: 'anonymous', rights: {} };
export const GATEWAY: Actor = { id: 'gateway', name: 'gateway', kind: 'gateway', rights: {} };

/** A POST by somebody who has not logged in. */
export const post = (auth: TestService, path: string, body: object, address = '192.0.2.1') =>
  auth.as(NOBODY).post(`/api/v1${path}`).set(CLIENT_ADDRESS_HEADER, address).send(body);

export const login = (auth: TestService, username: string, password = DEMO_PASSWORD, address?: string) =>
  post(auth, '/auth/login', { username, password }, address);

export const refresh = (auth: TestService, refreshToken: string) => post(auth, '/auth/refresh', { refreshToken });

/** What the gateway would say of this person. */
export async function actorOf(auth: TestService, username: string, sessionId?: string): Promise<Actor> {
  const [user] = await auth.query<{ id: string; grants: string[] }>(
    `SELECT u.id, (SELECT array_agg(g) FROM role r, unnest(r.grants) g WHERE r.code = ANY(u.roles)) AS grants FROM users u WHERE username = $1`,
    [username],
  );
  return { id: user!.id, name: username, kind: 'user', rights: combineGrants(user!.grants), sessionId };
}

export const sessionOf = (accessToken: string): string =>
  (JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()) as { sid: string }).sid;

/** A new account manager, whose failures and sessions are nobody else's. */
export async function newcomer(auth: TestService, username: string, password = 'winter-garden-7') {
  const { body } = await auth
    .as(await actorOf(auth, 'admin'))
    .post('/api/v1/users')
    .send({ username, displayName: username, roles: ['account_manager'], password })
    .expect(201);
  return { id: body.id as string, username, password };
}

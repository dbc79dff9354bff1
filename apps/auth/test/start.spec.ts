import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { DataSource } from 'typeorm';
import type { AccessSnapshot } from '#contracts';
import type { TestService } from '#testing';
import { start } from '../src/app.js';
import { Access1763700001000 } from '../src/migrations/1763700001000-access.js';
import { LoginNetworks1763700001001 } from '../src/migrations/1763700001001-login-networks.js';
import { GATEWAY, login, startAuth } from './auth-service.js';

describe('start', () => {
  let auth: TestService;
  afterEach(() => auth.stop());

  const snapshot = async () =>
    (await auth.as(GATEWAY).get('/api/v1/internal/access').expect(200)).body as AccessSnapshot;
  const kidOfLogin = async () => decodeProtectedHeader((await login(auth, 'alice').expect(200)).body.accessToken).kid;

  it('AUT-1: two copies that start at once seed roles, users and keys once, and publish them once', async () => {
    auth = await startAuth();
    await auth.halt();
    await auth.database.query('public', 'DROP SCHEMA auth CASCADE');
    const copies = await Promise.all([start(auth.environment), start(auth.environment)]);
    try {
      const counts =
        await auth.query(`SELECT (SELECT count(*)::int FROM role) AS roles, (SELECT count(*)::int FROM users) AS users,
        (SELECT count(*)::int FROM service_account) AS machines, (SELECT count(*)::int FROM signing_key) AS keys,
        (SELECT count(*)::int FROM outbox) AS events, (SELECT count(DISTINCT (aggregate, aggregate_id))::int FROM outbox) AS records`);
      expect(counts).toEqual([{ roles: 5, users: 6, machines: 1, keys: 1, events: 11, records: 11 }]);
    } finally {
      await Promise.all(copies.map((copy) => copy.stop()));
    }
    await auth.run();
    expect((await snapshot()).principals.map(({ name }) => name).sort()).toEqual([
      'admin',
      'alice',
      'bob',
      'executive',
      'manager',
      'sales-system',
      'sysadmin',
    ]);
  });

  it('AUT-1: an interrupted first start goes on where it was, and later starts change nothing', async () => {
    auth = await startAuth({ CRM_DEMO: 'false' });
    expect((await snapshot()).principals.map(({ name }) => name)).toEqual(['admin']);
    await auth.halt();
    // As if the process had died between the seeds.
    await auth.query(`DELETE FROM users`);
    await auth.query(`DELETE FROM seed WHERE name = 'admin'`);
    await auth.query(`UPDATE role SET grants = '{report.read,dictionary.read,customer.read}' WHERE code = 'executive'`);
    await auth.run();
    const { principals, roles } = await snapshot();
    expect(principals.map(({ name }) => name)).toEqual(['admin']);
    expect(roles.find(({ code }) => code === 'executive')!.grants).toContain('customer.read');
    expect(roles).toHaveLength(5);
  });

  it('AUT-3: a generated administrator password is written once and must be changed', async () => {
    const lines: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
    try {
      auth = await startAuth({ CRM_ADMIN_PASSWORD: undefined, LOG_LEVEL: 'warn' });
      await auth.halt();
      await auth.run();
    } finally {
      write.mockRestore();
    }
    const told = lines.filter((line) => line.includes('password'));
    expect(told).toHaveLength(1);
    const password = /password \\"([\w-]{20})\\"/.exec(told[0]!)?.[1];
    const { body } = await login(auth, 'admin', password).expect(200);
    expect(body.mustChangePassword).toBe(true);
  });

  it('AUT-5: a key of 30 days gets a successor that is published before it signs, and stays until its tokens ended', async () => {
    auth = await startAuth();
    const old = await kidOfLogin();
    await auth.query(
      `UPDATE signing_key SET created_at = created_at - interval '30 days', signs_from = signs_from - interval '30 days'`,
    );
    const before = (await snapshot()).revision;
    expect(await Promise.all([kidOfLogin(), kidOfLogin(), kidOfLogin()])).toEqual([old, old, old]);
    const both = await snapshot();
    expect(both.revision).toBeGreaterThan(before);
    expect(both.keys.map(({ kid }) => kid)).toEqual([old, expect.any(String)]);

    await auth.query(`UPDATE signing_key SET signs_from = now() WHERE kid <> $1`, [old]);
    const fresh = await kidOfLogin();
    expect(fresh).toBe(both.keys[1]!.kid);
    expect((await snapshot()).keys).toHaveLength(2);
    await auth.query(`UPDATE signing_key SET signs_from = now() - interval '17 minutes' WHERE kid = $1`, [fresh]);
    expect((await snapshot()).keys.map(({ kid }) => kid)).toEqual([fresh]);
  });

  it('AUT-5: private keys are stored encrypted; another secret stops the start with one clear line', async () => {
    auth = await startAuth();
    const [key] = await auth.query<{ text: string }>(`SELECT encode(sealed_key, 'escape') AS text FROM signing_key`);
    expect(key!.text).not.toContain('PRIVATE KEY');
    await auth.halt();
    await expect(
      start({ ...auth.environment, SIGNING_KEY_SECRET: 'another secret that has 32 characters' }),
    ).rejects.toThrow(/^SIGNING_KEY_SECRET does not open the stored signing keys/);
    await auth.run();
  });

  it('AUT-3: does not start for the first time where nobody would see the generated password', async () => {
    auth = await startAuth();
    await auth.halt();
    await auth.database.query('public', 'DROP SCHEMA auth CASCADE');
    const unseen = { ...auth.environment, CRM_ADMIN_PASSWORD: undefined, LOG_LEVEL: 'error' };
    await expect(start(unseen)).rejects.toThrow(/CRM_ADMIN_PASSWORD: must be set/);
    await auth.run();
  });

  it('names each bad setting', async () => {
    auth = await startAuth();
    const bad = {
      ...auth.environment,
      SIGNING_KEY_SECRET: 'short',
      CRM_ADMIN_PASSWORD: 'password123',
      CRM_DEMO: 'yes',
    };
    await expect(start(bad)).rejects.toThrow(/SIGNING_KEY_SECRET.*CRM_ADMIN_PASSWORD.*CRM_DEMO/);
  });

  it('the migration goes up, down and up again, and leaves the tables that the entities expect', async () => {
    auth = await startAuth();
    await auth.halt();
    const pending = async () => {
      const db = await new DataSource(await options()).initialize();
      const { upQueries } = await db.driver.createSchemaBuilder().log();
      await db.destroy();
      // Indexes and checks are the migration's alone; the entities do not know them.
      return upQueries
        .map(({ query }) => query)
        .filter((query) => !query.includes(' DROP ') && !query.startsWith('DROP INDEX'));
    };
    const options = async () => {
      const { authService } = await import('../src/auth.module.js');
      const { SnakeNaming } = await import('../../../libs/platform/src/db/snake-naming.js');
      const { entities } = authService({} as never);
      return {
        type: 'postgres' as const,
        url: auth.database.url,
        schema: 'auth',
        entities,
        namingStrategy: new SnakeNaming(),
      };
    };
    expect(await pending()).toEqual([]);
    const db = await new DataSource({ ...(await options()), extra: { options: '-c search_path=auth' } }).initialize();
    const runner = db.createQueryRunner();
    const tables = async () =>
      (
        await auth.query<{ name: string }>(
          `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'auth' ORDER BY 1`,
        )
      ).map(({ name }) => name);
    const before = await tables();
    await new LoginNetworks1763700001001().down(runner);
    await new Access1763700001000().down(runner);
    expect(await tables()).not.toContain('users');
    expect(await tables()).not.toContain('login_network');
    await new Access1763700001000().up(runner);
    await new LoginNetworks1763700001001().up(runner);
    expect(await tables()).toEqual(before);
    await db.destroy();
  });
});

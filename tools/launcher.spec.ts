import { spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SERVICES } from '#contracts';
import { NO_PRETENURING, planApplications } from './applications.js';
import { readText } from './deploy.fixture.js';
import { Installation } from './infra/installation.js';
import { freePort } from './infra/ports.js';
import { identify, isAlive } from './infra/processes.js';
import type { Secrets } from './infra/secrets.js';
import { readSettings } from './launcher.config.js';
import { publicHost, wantedHost } from './public-address.js';
import { Supervisor } from './supervisor.js';

describe('npm start', () => {
  it('names a busy GATEWAY_PORT and how to choose another, whichever address the other program has', async () => {
    for (const host of ['::', '127.0.0.1']) {
      const port = await freePort();
      const other = createServer().listen(port, host);
      await once(other, 'listening');
      await expect(publicHost({ GATEWAY_HOST: '::', GATEWAY_PORT: port })).rejects.toThrow(
        `GATEWAY_PORT: port ${port} is in use by another program. Choose another: GATEWAY_PORT=${port + 1} npm start`,
      );
      other.close();
      await once(other, 'close');
    }
  });

  it('listens on this machine only where demo users are, in later starts, too, unless an address is given', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'crm-demo-'));
    const hostOf = async (env: NodeJS.ProcessEnv) => {
      const installation = await Installation.open(dataDir);
      const settings = readSettings(env);
      const host = wantedHost(env.GATEWAY_HOST, settings, installation.hasDemoUsers(settings.CRM_DEMO));
      installation.close();
      return host;
    };
    expect(await hostOf({})).toBe('::');
    expect(await hostOf({ CRM_DEMO: 'true', GATEWAY_HOST: '::' })).toBe('::');
    expect(await hostOf({ CRM_DEMO: 'true', GATEWAY_HOST: '' })).toBe('localhost');
    expect(await hostOf({})).toBe('localhost');
    await rm(dataDir, { recursive: true });

    const port = await freePort();
    expect(await publicHost({ GATEWAY_HOST: 'localhost', GATEWAY_PORT: port })).toBe('localhost');
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    await expect(publicHost({ GATEWAY_HOST: 'localhost', GATEWAY_PORT: port })).rejects.toThrow('is in use');
    other.close();
    await once(other, 'close');
  });

  it.each([
    ['GATEWAY_PORT', 'seventy'],
    ['GATEWAY_PORT', '70000'],
    ['CRM_COPIES', '0'],
    ['DATABASE_URL', 'mysql://localhost/crm'],
    ['MARKETING_DATABASE_URL', 'marketing'],
    ['NATS_URL', 'localhost:4222'],
    ['BUSINESS_TIMEZONE', 'Mars/Olympus'],
    ['CRM_DEMO', 'yes'],
    ['LOG_LEVEL', 'loud'],
  ])('names a bad %s=%s in one line', (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(new RegExp(`^${name}: [^\n]+$`));
  });

  it('has a default for every setting, and takes an empty one for not set', () => {
    expect(readSettings({ GATEWAY_PORT: '', NATS_PORT: '' })).toMatchObject({
      GATEWAY_PORT: 3000,
      CRM_COPIES: 1,
      CRM_DATA_DIR: '.data',
      CRM_DEMO: false,
    });
  });

  it('keeps what belongs to a request young where all applications run in its process', () => {
    const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
    for (const name of ['start', 'demo']) expect(scripts[name]).toMatch(`node ${NO_PRETENURING} tools/start.mjs`);
  });

  it('refuses an unknown flag in one line', () => {
    const { status, stderr } = spawnSync(process.execPath, ['tools/start.mjs', '--demmo'], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^✖ --demmo is not known here: [^\n]+\n$/);
  });

  it('gives every copy a port of its own, the gateway all of them, and each application only its own secrets', async () => {
    const secrets = {
      gatewaySigningKey: { kty: 'OKP', x: 'x', d: 'private', kid: 'k' },
      signingKeySecret: 's',
      adminPassword: 'generated',
    };
    const foundations = {
      databaseUrls: Object.fromEntries(SERVICES.map((name) => [name, `postgresql://${name}@localhost/crm`])),
      natsUrl: 'nats://127.0.0.1:4222',
      natsLogins: { customer: { user: 'customer', password: 'c' } },
      secrets: secrets as unknown as Secrets,
    };
    const settings = { PATH: '/bin', CUSTOMER_CODE_FORMAT: 'KH-#####' };
    const inherited = { ...settings, DATABASE_URL: 'postgresql://root@x/y', CRM_ADMIN_PASSWORD: 'given' };
    const apps = await planApplications(readSettings({ CRM_COPIES: '2' }), foundations, inherited);
    expect(new Set(apps.map((app) => app.url)).size).toBe(2 * SERVICES.length + 1);
    const named = (name: string) => apps.filter((app) => app.name === name);
    expect(named('gateway')[0]?.env.CUSTOMER_URL).toBe(
      named('customer')
        .map((app) => app.url)
        .join(','),
    );
    expect(named('customer')[1]?.env).toMatchObject({
      ...settings,
      DATABASE_URL: 'postgresql://customer@localhost/crm',
      NATS_PASSWORD: 'c',
    });
    expect(named('auth')[0]?.env).toMatchObject({ CRM_ADMIN_PASSWORD: 'generated', SIGNING_KEY_SECRET: 's' });
    const others = JSON.stringify(apps.filter((app) => app.name !== 'auth'));
    expect(others).not.toMatch(/generated|given|SIGNING_KEY_SECRET|CRM_ADMIN_PASSWORD/);
    expect(JSON.stringify(named('customer'))).not.toContain('private');
    expect(named('gateway')[0]?.env).not.toHaveProperty('DATABASE_URL');
  });

  it('starts a process that died again within a second, and none after the stop', async () => {
    const pids: number[] = [];
    const launches = new EventEmitter();
    const supervisor = new Supervisor(
      'program',
      async () => {
        const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
        const ended = once(child, 'exit').then(() => undefined);
        await once(child, 'spawn');
        pids.push(child.pid ?? 0);
        launches.emit('launch');
        const stop = async () => {
          child.kill('SIGKILL');
          await ended;
        };
        const identity = identify(child.pid ?? 0) ?? { pid: 0, started: '' };
        return { identity, ended, stop };
      },
      () => undefined,
    );
    await supervisor.start();
    const again = once(launches, 'launch');
    const killed = Date.now();
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await again;
    expect(Date.now() - killed).toBeLessThan(1_000);
    await supervisor.stop();
    expect(pids.map((pid) => isAlive({ pid, started: identify(pid)?.started ?? '' }))).toEqual([false, false]);
  });
});

import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { natsUsers, SERVICES } from '#contracts';
import { parse } from 'yaml';
import { APPLICATION_SETTINGS, APPLICATIONS } from './application-settings.js';
import { NO_PRETENURING } from './applications.js';
import { type Environment, loadSecretsModule, readText, root, unknownSettings } from './deploy.fixture.js';

interface Container {
  image: string;
  command?: string[];
  build?: string;
  restart?: string;
  stop_grace_period?: string;
  read_only?: boolean;
  networks?: string[];
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  environment: Record<string, string | number>;
  healthcheck?: { test: string[] };
}

const compose = parse(readText('docker-compose.yml'), { merge: true }) as { services: Record<string, Container> };
const dockerfile = readText('Dockerfile');
const { composeEnvironment } = await loadSecretsModule();
const dotenv = composeEnvironment();

const container = (name: string): Container => compose.services[name]!;

/** What docker compose gives the container; a variable that is asked for and not in `.env` throws. */
function environmentOf(name: string): Environment {
  return Object.fromEntries(
    Object.entries(container(name).environment).map(([key, value]) => [key, interpolate(String(value))]),
  );
}

function interpolate(value: string): string {
  return value.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, operator?: string, rest?: string) => {
    const given = dotenv[name];
    if (given) return given;
    if (operator === '-') return rest ?? '';
    throw new Error(`${name} is not in .env`);
  });
}

describe('docker-compose.yml', () => {
  it('has one container for each application, and PostgreSQL and NATS', () => {
    expect(readdirSync(`${root}apps`).sort()).toEqual([...APPLICATIONS].sort());
    expect(Object.keys(compose.services).sort()).toEqual([...APPLICATIONS, 'nats', 'postgres'].sort());
  });

  it.each(APPLICATIONS)('sets what %s needs and nothing that it does not know', (name) => {
    expect(unknownSettings(name, environmentOf(name))).toEqual([]);
  });

  it.each(APPLICATIONS)('passes on every setting that %s knows', (name) => {
    const { environment } = container(name);
    expect(Object.keys(APPLICATION_SETTINGS[name].shape).filter((setting) => !(setting in environment))).toEqual([]);
  });

  it.each(APPLICATIONS)('%s runs its own program, restarts, is checked, and has time to stop', (name) => {
    const app = container(name);
    expect(app).toMatchObject({
      image: 'event-driven-crm:0.1.0',
      build: '.',
      restart: 'unless-stopped',
      read_only: true,
    });
    expect(app.command).toEqual([`dist/bundle/apps/${name}/src/main.js`]);
    expect(app.healthcheck?.test[0]).toBe('CMD');
    expect(app.healthcheck).toEqual(container('gateway').healthcheck);
    // An application gives itself 25 s.
    expect(parseInt(app.stop_grace_period!)).toBeGreaterThan(25);
    expect(app.depends_on?.nats).toEqual({ condition: 'service_healthy' });
  });

  it.each(SERVICES)('%s has its own database role and its own NATS user', (name) => {
    const env = environmentOf(name);
    const url = new URL(env.DATABASE_URL!);
    expect([url.username, url.password]).toEqual([name, dotenv[`${name.toUpperCase()}_DATABASE_PASSWORD`]]);
    expect(environmentOf('postgres')[`${name.toUpperCase()}_DATABASE_PASSWORD`]).toBe(url.password);
    expect(env.NATS_USER).toBe(name);
    expect(environmentOf('nats')[`${name.toUpperCase()}_NATS_PASSWORD`]).toBe(env.NATS_PASSWORD);
    expect(container(name).depends_on?.postgres).toEqual({ condition: 'service_healthy' });
  });

  it('knows the password of every NATS user, and no two are the same', () => {
    const passwords = natsUsers().map(
      ({ user }) => environmentOf('nats')[`${user.toUpperCase().replace('-', '_')}_NATS_PASSWORD`],
    );
    expect(passwords).not.toContain(undefined);
    expect(new Set(passwords).size).toBe(passwords.length);
  });

  it('routes the gateway to the ports that the services listen on', () => {
    const env = environmentOf('gateway');
    for (const name of SERVICES) {
      const { hostname, port } = new URL(env[`${name.toUpperCase()}_URL`]!);
      expect([hostname, port]).toEqual([name, environmentOf(name).PORT]);
    }
  });

  it('publishes the gateway, and NATS on loopback, and nothing else', () => {
    const published = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${interpolate(port)}`),
    );
    expect(published.sort()).toEqual(['gateway 3000:3000', 'nats 127.0.0.1:4222:4222']);
    expect(environmentOf('gateway').GATEWAY_PORT).toBe('3000');
  });

  it('keeps the gateway and the broker away from the database', () => {
    const near = Object.keys(compose.services).filter((name) => container(name).networks?.includes('data'));
    expect(near.sort()).toEqual([...SERVICES, 'postgres'].sort());
  });

  it('mounts only files that are there', () => {
    const mounts = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes);
    const files = mounts.filter((mount) => mount.startsWith('./')).map((mount) => mount.split(':')[0]!);
    expect(files).toHaveLength(2);
    for (const file of files) expect(statSync(`${root}${file}`).isFile()).toBe(true);
  });
});

describe('health checks', () => {
  const inImage = JSON.parse(dockerfile.match(/^HEALTHCHECK[^]*?CMD (\[.+\])$/m)![1]!) as string[];
  const checks: Array<[string, string[], string]> = [
    ['Dockerfile', inImage, '/health/live'],
    ['docker-compose.yml', container('gateway').healthcheck!.test.slice(1), '/health/ready'],
  ];

  it.each(checks)('%s: the answer 200 is healthy; 503, or none, is not', async (_, [program, ...args], path) => {
    expect(program).toBe('node');
    let status = 200;
    const server = createServer((request, response) => response.writeHead(request.url === path ? status : 404).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const check = () =>
      new Promise((resolve) => {
        const script = args.map((arg) => arg.replace(':3000', `:${port}`));
        execFile(process.execPath, script).once('exit', resolve);
      });
    expect(await check()).toBe(0);
    status = 503;
    expect(await check()).toBe(1);
    await new Promise((resolve) => server.close(resolve));
    expect(await check()).toBe(1);
  });
});

describe('deploy/', () => {
  it('nats-server takes nats.conf with the passwords of .env, and refuses it without', () => {
    const check = (env: Environment) =>
      spawnSync(process.env.NATS_SERVER_BIN ?? 'nats-server', ['-t', '-c', `${root}deploy/nats.conf`], {
        env: { ...env, PATH: process.env.PATH },
        encoding: 'utf8',
      });
    const result = check(environmentOf('nats'));
    // Only where the tests were given a broker from outside is there no program.
    if (result.error && process.env.TEST_NATS_URL) return;
    expect(result).toMatchObject({ status: 0 });
    expect(check({}).status).not.toBe(0);
  });

  it('has the statistics of new tables soon, one table at a time', () => {
    const settings = ['autovacuum_naptime=15s', 'autovacuum_max_workers=1'];
    expect(container('postgres').command).toEqual(['postgres', ...settings.flatMap((setting) => ['-c', setting])]);
  });

  it.each(SERVICES)('postgres.sql gives %s a role that owns and first finds its schema', (name) => {
    const sql = readText('deploy/postgres.sql');
    expect(sql).toContain(`\\getenv ${name} ${name.toUpperCase()}_DATABASE_PASSWORD\n`);
    expect(sql).toContain(`CREATE ROLE ${name} LOGIN PASSWORD :'${name}';`);
    expect(sql).toContain(`CREATE SCHEMA ${name} AUTHORIZATION ${name};`);
    expect(sql).toContain(`ALTER ROLE ${name} IN DATABASE crm SET search_path = ${name};`);
  });

  it('secrets.mjs writes .env for its owner only, fit for every application, and never over another', () => {
    const folder = mkdtempSync(join(tmpdir(), 'crm-secrets-'));
    try {
      cpSync(`${root}deploy/secrets.mjs`, join(folder, 'deploy/secrets.mjs'));
      const run = () => spawnSync(process.execPath, [join(folder, 'deploy/secrets.mjs')], { encoding: 'utf8' });
      expect(run()).toMatchObject({ status: 0 });
      expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
      const written = parseEnv(readFileSync(join(folder, '.env'), 'utf8'));
      expect(Object.keys(written).sort()).toEqual(Object.keys(dotenv).sort());
      expect(JSON.parse(written.GATEWAY_SIGNING_KEY!)).toMatchObject({ kty: 'OKP', crv: 'Ed25519' });
      expect(run()).toMatchObject({ status: 1 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('Dockerfile', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files]) => files!.split(' '));

  it('copies only what .dockerignore lets through', () => {
    const allowed = readText('.dockerignore').match(/(?<=^!).+$/gm);
    expect([...new Set(copied)].sort()).toEqual([...allowed!].sort());
  });

  it('installs what runs in production without scripts: no such package needs one', () => {
    const { packages } = JSON.parse(readText('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; hasInstallScript?: boolean }>;
    };
    const scripted = Object.entries(packages).filter(
      ([path, { dev, hasInstallScript }]) => path && !dev && hasInstallScript,
    );
    // That one only tells its makers of the installation.
    expect(scripted.map(([path]) => path)).toEqual(['node_modules/@scarf/scarf']);
  });

  it('lets an application listen where its health is asked, as a user that is not root, without a shell', () => {
    expect(dockerfile).toMatch(/^USER [1-9]/m);
    const entrypoint = JSON.parse(dockerfile.match(/(?<=^ENTRYPOINT ).+/m)![0]) as string[];
    expect(entrypoint[0]).toBe('node');
    expect(entrypoint).toEqual(expect.arrayContaining(['--no-memory-reducer', NO_PRETENURING]));
    const port = dockerfile.match(/\bPORT=(\d+)/)![1];
    expect(dockerfile).toContain(`GATEWAY_PORT=${port}`);
    expect(dockerfile).toContain(`http://127.0.0.1:${port}/health/live`);
  });

  it('is built from a Node.js that package.json takes', () => {
    expect(new Set(dockerfile.match(/(?<=^FROM )\S+/gm))).toEqual(new Set(['node:24-slim']));
    expect(readText('package.json')).toContain('>=22.12.0');
  });
});

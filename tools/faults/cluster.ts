import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Application, planApplications, spawnApplication } from '../applications.js';
import { openInstallation, type StartedFoundations, startFoundations } from '../foundations.js';
import { freePort } from '../infra/ports.js';
import { removeFolder as removeDatabase } from '../infra/postgres-account.js';
import type { ProcessIdentity } from '../infra/processes.js';
import { readSettings } from '../launcher.config.js';
import { startSplit, untilReady } from '../start-applications.js';
import { TcpProxy } from './tcp-proxy.js';

export const PASSWORD = 'Demo-Passw0rd!';
const PREFIX = 'crm-faults-';
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface ClusterOptions {
  /** Of each service. */
  readonly copies?: number;
  /** The compiled applications; others than our own have a fault built in. */
  readonly applications?: URL;
  /** Which connections lead through a proxy. */
  readonly proxied?: ReadonlyArray<'services' | 'nats'>;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the data folder before anything is started in it; what it adds to `stops` runs when all has ended in it. */
  readonly prepare?: (dataDir: string, stops: Array<() => Promise<void>>) => void;
  /** For the jitter of the proxies. */
  readonly random?: () => number;
}

/** The split start, as `npm run start:split` makes it, with a hand on each of its processes and connections. */
export class Cluster {
  private constructor(
    readonly dataDir: string,
    readonly foundations: StartedFoundations,
    readonly applications: readonly Application[],
    /** Of the connections that were asked for: `gateway→customer-2`, `customer→nats`. */
    readonly proxies: ReadonlyMap<string, TcpProxy>,
    /** PostgreSQL's superuser in the CRM's database. */
    readonly database: pg.Pool,
    private readonly logFile: string,
    private readonly stops: Array<() => Promise<void>>,
    private readonly abort: AbortController,
  ) {}

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const { copies = 2, proxied = [], random = Math.random } = options;
    const dataDir = mkdtempSync(join(tmpdir(), PREFIX));
    // The account that PostgreSQL runs under has to pass through.
    chmodSync(dataDir, 0o711);
    const stops: Array<() => Promise<void>> = [async () => removeFolder(dataDir)];
    const abort = new AbortController();
    const logFile = join(dataDir, 'applications.log');
    const natsProgram = join(dataDir, 'nats-server');
    const interrupted = () => {
      abort.abort();
      void runAll(stops).then(() => process.exit(130));
    };
    for (const signal of SIGNALS) process.once(signal, interrupted);
    stops.unshift(async () => SIGNALS.forEach((signal) => process.off(signal, interrupted)));
    try {
      // A name of its own, which can be taken away: then NATS stays down.
      symlinkSync(process.env.NATS_SERVER_BIN ?? 'nats-server', natsProgram);
      const settings = readSettings({
        CRM_DATA_DIR: dataDir,
        CRM_DEMO: 'true',
        CRM_DEMO_PASSWORD: PASSWORD,
        CRM_COPIES: String(copies),
        GATEWAY_HOST: '127.0.0.1',
        GATEWAY_PORT: String(await freePort()),
        LOG_LEVEL: options.env?.LOG_LEVEL ?? process.env.FAULTS_LOG_LEVEL ?? 'warn',
        NATS_SERVER_BIN: natsProgram,
      });
      const installation = await openInstallation(dataDir);
      stops.push(async () => installation.close());
      options.prepare?.(dataDir, stops);
      const log = openSync(logFile, 'a');
      stops.push(async () => closeSync(log));
      const say = () => undefined;
      const foundations = await startFoundations(settings, installation, { say, stops, signal: abort.signal });
      const unlimited = { RATE_LIMIT_USER: '100000', RATE_LIMIT_LOGIN: '10000', CONCURRENCY_LIMIT_USER: '1000' };
      const apps = await planApplications(settings, foundations, { ...process.env, ...unlimited, ...options.env });
      const proxies = await interpose(apps, proxied, random);
      stops.push(async () => void (await Promise.all([...proxies.values()].map((proxy) => proxy.close()))));
      const folder = options.applications ?? new URL('../../bundle/apps/', import.meta.url);
      const spawn = (app: Application) => spawnApplication(app, folder, foundations.ledger, log);
      const supervisors = await startSplit(apps, spawn, { say, stops, signal: abort.signal });
      await Promise.all(apps.map((app) => untilReady(app, 0, supervisors, { say, signal: abort.signal })));
      const port = new URL(foundations.databaseUrls.auth!).port;
      const database = new pg.Pool({
        connectionString: `postgresql://postgres:${foundations.secrets.postgresPassword}@127.0.0.1:${port}/crm`,
        max: 4,
      });
      // A database that is killed takes our own idle sessions along.
      database.on('error', () => undefined);
      stops.push(() => database.end());
      return new Cluster(dataDir, foundations, apps, proxies, database, logFile, stops, abort);
    } catch (error) {
      abort.abort();
      const said = tail(logFile);
      await runAll(stops);
      if (error instanceof Error) error.message += said;
      throw error;
    }
  }

  get url(): string {
    return this.applications.at(-1)!.url;
  }

  /** The program that NATS is started from. */
  get natsProgram(): string {
    return join(this.dataDir, 'nats-server');
  }

  /** The labels of all copies of all services, or of one. */
  labels(service?: string): string[] {
    return this.applications
      .filter(({ name }) => name !== 'gateway' && (!service || name === service))
      .map((app) => app.label);
  }

  /** The running process of an application's label, or of `postgres` or `nats`. */
  process(name: string): ProcessIdentity | undefined {
    return this.foundations.ledger.get(name);
  }

  /** @returns whether there was a process to signal */
  signal(name: string, signal: NodeJS.Signals): boolean {
    const found = this.process(name);
    if (found) process.kill(found.pid, signal);
    return Boolean(found);
  }

  /** Kills a process as soon as there is one of this name. */
  async kill(name: string): Promise<void> {
    await this.until(() => this.signal(name, 'SIGKILL'), `there is no ${name} to kill`, 20_000);
  }

  /** Until the application answers that it is ready. */
  async ready(label: string, withinMs = 60_000): Promise<void> {
    const { url } = this.applications.find((app) => app.label === label)!;
    await this.until(
      async () => {
        const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2000) });
        await answer.body?.cancel();
        return answer.ok;
      },
      `${label} is not ready`,
      withinMs,
    );
  }

  async allReady(): Promise<void> {
    await Promise.all(this.applications.map(({ label }) => this.ready(label)));
  }

  /** Asks again until the condition holds; a condition that throws does not hold. */
  async until(condition: () => Promise<boolean> | boolean, message: string, withinMs = 60_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    let last: unknown;
    for (;;) {
      try {
        if (await condition()) return;
        last = undefined;
      } catch (error) {
        last = error;
      }
      if (performance.now() > deadline)
        throw new Error(`${message} within ${withinMs / 1000} s${last instanceof Error ? ` (${last.message})` : ''}`);
      await sleep(20);
    }
  }

  async query<R extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<R[]> {
    return (await this.database.query<R>(sql, parameters)).rows;
  }

  /** What the applications logged, one JSON document a line. */
  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** Undoes a harm that outlives its processes, when everything stops, before anything else does. */
  beforeStop(undo: () => Promise<void>): void {
    this.stops.push(undo);
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await runAll(this.stops);
  }
}

/** Puts a proxy into each connection of the kinds that are asked for. */
async function interpose(
  apps: Application[],
  kinds: NonNullable<ClusterOptions['proxied']>,
  random: () => number,
): Promise<Map<string, TcpProxy>> {
  const proxies = new Map<string, TcpProxy>();
  const through = async (name: string, url: string): Promise<string> => {
    const changed = new URL(url);
    const proxy = await TcpProxy.to(Number(changed.port), random);
    proxies.set(name, proxy);
    changed.port = String(proxy.port);
    return changed.href.replace(/\/$/, '');
  };
  const gateway = apps.at(-1)!;
  for (const app of apps) {
    if (kinds.includes('nats') && app !== gateway)
      app.env.NATS_URL = await through(`${app.label}→nats`, app.env.NATS_URL!);
    if (!kinds.includes('services') || app === gateway) continue;
    const variable = `${app.name.toUpperCase()}_URL`;
    const url = await through(`gateway→${app.label}`, app.url);
    gateway.env[variable] = gateway.env[variable]!.split(',')
      .map((each) => (each === app.url ? url : each))
      .join(',');
  }
  return proxies;
}

async function runAll(stops: Array<() => Promise<void>>): Promise<void> {
  for (let stop = stops.pop(); stop; stop = stops.pop()) await stop().catch((error: unknown) => console.error(error));
}

/** With the database, which lies elsewhere when this is root's. */
function removeFolder(folder: string): void {
  const database = join(folder, 'postgres');
  if (existsSync(database)) removeDatabase(database);
  rmSync(folder, { recursive: true, force: true });
}

function tail(file: string): string {
  try {
    return `\n${readFileSync(file, 'utf8').trim().split('\n').slice(-15).join('\n')}`;
  } catch {
    return '';
  }
}

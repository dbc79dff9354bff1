import { chmodSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import pg from 'pg';
import { accountsSetting, natsAccounts, natsUsers, type ServiceName, SERVICES } from '#contracts';
import { type Application, planApplications, spawnApplication } from '../applications.js';
import { startNats } from '../infra/nats.js';
import { freePort } from '../infra/ports.js';
import { startPostgres } from '../infra/postgres.js';
import { removeFolder } from '../infra/postgres-account.js';
import { isAlive, ProcessLedger } from '../infra/processes.js';
import { provisionDatabase } from '../infra/provision.js';
import { loadSecrets } from '../infra/secrets.js';
import type { ServerProcess } from '../infra/server-process.js';
import { readSettings } from '../launcher.config.js';
import type { Running } from '../supervisor.js';

/** May do everything in the CRM's account: the benchmark stands for all other services. */
const OBSERVER = { user: 'benchmark', publish: ['>'], subscribe: ['>'] };

/** PostgreSQL and NATS as the product has them, and of the product one service at a time, each in a process of its own. */
export class ServiceAlone {
  private readonly dataDir = mkdtempSync(join(tmpdir(), 'crm-bench-'));
  private readonly ledger = new ProcessLedger(this.dataDir);
  private readonly servers: ServerProcess[] = [];
  private applications: Application[] = [];
  private service?: Running;
  nats!: NatsConnection;

  static async start(): Promise<ServiceAlone> {
    const alone = new ServiceAlone();
    try {
      await alone.startServers();
      return alone;
    } catch (error) {
      await alone.remove();
      throw error;
    }
  }

  private async startServers(): Promise<void> {
    const { dataDir, ledger } = this;
    // PostgreSQL's own account must pass through.
    chmodSync(dataDir, 0o711);
    const users = [...natsUsers(), OBSERVER].map(({ user }) => user);
    const secrets = loadSecrets(dataDir, { services: SERVICES, natsUsers: users });
    const passwordOf = (user: string) => secrets.natsPasswords[user] ?? '';
    const password = secrets.postgresPassword;
    const postgres = await startPostgres({ dataDir, ledger, port: await freePort(), password, durable: true });
    this.servers.push(postgres);
    const nats = await startNats({
      dataDir,
      ledger,
      binary: process.env.NATS_SERVER_BIN ?? 'nats-server',
      port: await freePort(),
      accounts: accountsSetting(natsAccounts([OBSERVER]), passwordOf),
      maxFileStore: 4 * 1024 ** 3,
    });
    this.servers.push(nats);
    const natsUrl = `nats://127.0.0.1:${nats.port}`;
    this.nats = await connect({
      servers: natsUrl,
      user: OBSERVER.user,
      pass: passwordOf(OBSERVER.user),
      noAsyncTraces: true,
    });
    this.applications = await planApplications(
      readSettings({ LOG_LEVEL: 'error' }),
      {
        databaseUrls: await provisionDatabase(
          `postgresql://postgres:${password}@127.0.0.1:${postgres.port}/postgres`,
          secrets.databasePasswords,
        ),
        natsUrl,
        natsLogins: Object.fromEntries(SERVICES.map((user) => [user, { user, password: passwordOf(user) }])),
        secrets,
      },
      process.env,
    );
  }

  /** Resolves when the service listens. */
  async run(name: ServiceName): Promise<{ pid: number }> {
    const application = this.application(name);
    const file = join(this.dataDir, `${name}.log`);
    const log = openSync(file, 'a');
    const service = await spawnApplication(
      application,
      new URL('../../bundle/apps/', import.meta.url),
      this.ledger,
      log,
    );
    closeSync(log);
    this.service = service;
    while (!(await answers(`${application.url}/health/live`))) {
      if (!isAlive(service.identity)) throw new Error(`${name} does not start: ${readFileSync(file, 'utf8')}`);
      await sleep(10);
    }
    return { pid: service.identity.pid };
  }

  async halt(): Promise<void> {
    await this.service?.stop();
    this.service = undefined;
  }

  /** A connection with the rights, and to the schema, of a service. */
  async database(name: ServiceName): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.application(name).env.DATABASE_URL });
    await client.connect();
    return client;
  }

  async remove(): Promise<void> {
    await this.halt();
    await this.nats?.close();
    await Promise.all(this.servers.map((server) => server.stop()));
    for (const entry of readdirSync(this.dataDir).filter((file) => file.startsWith('postgres')))
      removeFolder(join(this.dataDir, entry));
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private application(name: ServiceName): Application {
    return this.applications.find((each) => each.name === name)!;
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );

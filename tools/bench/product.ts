import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { NO_PRETENURING } from '../applications.js';
import { freePort } from '../infra/ports.js';
import { removeFolder } from '../infra/postgres-account.js';
import { isAlive, type ProcessIdentity } from '../infra/processes.js';
import type { Secrets } from '../infra/secrets.js';

/** Asking more often would take from the start what it needs itself. */
const ASK_EVERY_MS = 50;
/** Much more than any benchmark asks for: the limits are for people. */
const NO_LIMITS = { RATE_LIMIT_USER: '1000000', RATE_LIMIT_LOGIN: '100000', CONCURRENCY_LIMIT_USER: '2000' };

export interface ProductOptions {
  /** One process per application. */
  readonly split: boolean;
  /** The folder of a product that ran before; its data stay. Default: a new one, removed at the end. */
  readonly dataDir?: string;
  readonly env?: Record<string, string>;
}

/**
 * The product as its users start it, by `tools/start.mjs` in a process of its own, with the demo's users.
 * `close()` stops it; `remove()` also removes its data.
 */
export class Product {
  private constructor(
    readonly dataDir: string,
    /** `http://127.0.0.1:<port>` of the gateway. */
    readonly url: string,
    /** Milliseconds from the start of the process to the gateway's first `ready`. */
    readonly readyAfterMs: number,
    private readonly launcher: ReturnType<typeof spawn>,
  ) {}

  static async start({ split, dataDir, env = {} }: ProductOptions): Promise<Product> {
    const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'crm-bench-'));
    // The account that PostgreSQL runs under has to pass through.
    if (!dataDir) chmodSync(folder, 0o711);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const output: Buffer[] = [];
    const begun = performance.now();
    const launcher = spawn(process.execPath, [NO_PRETENURING, 'tools/start.mjs', ...(split ? ['--split'] : [])], {
      // A group of its own: Ctrl-C in the terminal ends the benchmark, which then stops the product.
      detached: true,
      env: {
        ...process.env,
        ...NO_LIMITS,
        LOG_LEVEL: 'error',
        CRM_DEMO: 'true',
        CRM_DATA_DIR: folder,
        GATEWAY_PORT: String(port),
        GATEWAY_HOST: '127.0.0.1',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    launcher.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    launcher.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    const product = (readyAfterMs: number) => new Product(folder, url, readyAfterMs, launcher);
    const complete = () => Buffer.concat(output).includes('The CRM runs at');
    let readyAfterMs: number | undefined;
    // `complete` comes after the sample data, so nothing of the start itself goes into what is measured next.
    while (readyAfterMs === undefined || !complete()) {
      if (launcher.exitCode !== null)
        throw new Error(`The product did not start:\n${Buffer.concat(output).toString()}`);
      if (performance.now() - begun > 180_000) {
        await product(0).close();
        throw new Error(`The product was not ready in time:\n${Buffer.concat(output).toString()}`);
      }
      if (readyAfterMs === undefined && (await isReady(url))) readyAfterMs = performance.now() - begun;
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
    return product(readyAfterMs);
  }

  /** The processes that are ours: of the launcher alone, or of it and each application. */
  get pids(): number[] {
    const ledger = this.read<Record<string, ProcessIdentity>>('processes.json');
    const applications = Object.entries(ledger)
      .filter(([name, identity]) => name !== 'postgres' && name !== 'nats' && isAlive(identity))
      .map(([, { pid }]) => pid);
    return [this.launcher.pid!, ...applications];
  }

  /** The process of one application of the split start, or of `postgres` or `nats`. */
  pidOf(name: string): number | undefined {
    const identity = this.read<Record<string, ProcessIdentity>>('processes.json')[name];
    return identity && isAlive(identity) ? identity.pid : undefined;
  }

  get secrets(): Secrets {
    return this.read<Secrets>('secrets.json');
  }

  /** Of PostgreSQL's superuser. */
  get databaseUrl(): string {
    const { postgresPort } = this.read<{ postgresPort: number }>('installation.json');
    return `postgresql://postgres:${this.secrets.postgresPassword}@127.0.0.1:${postgresPort}/crm`;
  }

  get natsUrl(): string {
    return `nats://127.0.0.1:${this.read<{ natsPort: number }>('installation.json').natsPort}`;
  }

  /** A connection to the database as superuser, in the schema of a service. */
  async database(schema: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.databaseUrl, options: `-c search_path=${schema}` });
    await client.connect();
    return client;
  }

  /** An access token of a demo user; it is good for ten minutes. */
  async token(username: string): Promise<string> {
    const password = process.env.CRM_DEMO_PASSWORD ?? 'Demo-Passw0rd!';
    return this.signIn('/auth/login', { username, password });
  }

  /** An access token of the demo's sales system. */
  salesSystemToken(): Promise<string> {
    const clientSecret = process.env.CRM_DEMO_PASSWORD ?? 'Demo-Passw0rd!';
    return this.signIn('/auth/token', { grantType: 'client_credentials', clientId: 'sales-system', clientSecret });
  }

  async close(): Promise<void> {
    if (this.launcher.exitCode !== null) return;
    const ended = new Promise((resolve) => this.launcher.once('exit', resolve));
    this.launcher.kill('SIGTERM');
    await ended;
  }

  async remove(): Promise<void> {
    await this.close();
    removeFolder(join(this.dataDir, 'postgres'));
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private async signIn(path: string, body: object): Promise<string> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { accessToken: string };
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer.accessToken;
  }

  private read<T>(file: string): T {
    return JSON.parse(readFileSync(join(this.dataDir, file), 'utf8')) as T;
  }
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok ?? false;
}

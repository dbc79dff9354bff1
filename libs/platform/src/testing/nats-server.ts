import { accountsSetting, MAX_PAYLOAD, natsAccounts } from '#contracts';
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const TEST_PASSWORD = 'test-password';

/** A nats-server of one test file's own, with the real users and their permissions, and `test`, who may do everything in the CRM's account. */
export class TestNats {
  private process?: ChildProcess;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<TestNats> {
    const server = new TestNats(
      await mkdtemp(join(process.env.TEST_FOLDER ?? tmpdir(), 'crm-nats-')),
      await freePort(),
    );
    const accounts = natsAccounts([{ user: 'test', publish: ['>'], subscribe: ['>'] }]);
    const config = {
      host: '127.0.0.1',
      // By this the end of the run finds a server that its test left.
      pid_file: join(server.folder, 'nats.pid'),
      port: server.port,
      max_payload: MAX_PAYLOAD,
      jetstream: { store_dir: join(server.folder, 'js') },
      accounts: accountsSetting(accounts, () => TEST_PASSWORD),
    };
    await writeFile(join(server.folder, 'nats.json'), JSON.stringify(config));
    await server.run();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts the server again on the same port and files. */
  async run(): Promise<void> {
    const child = spawn(process.env.NATS_SERVER_BIN ?? 'nats-server', ['-c', join(this.folder, 'nats.json')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.process = child;
    await new Promise<void>((resolve, reject) => {
      let output = '';
      child.stderr.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('Server is ready')) resolve();
      });
      child.once('exit', () => reject(new Error(`nats-server ended: ${output}`)));
      child.once('error', reject);
    });
  }

  /** As a crash does it. */
  async kill(): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** It keeps its connections and, from a moment on, answers nothing until `wake`. */
  hang(): void {
    this.process?.kill('SIGSTOP');
  }

  wake(): void {
    this.process?.kill('SIGCONT');
  }

  /** Keeps the store as it is now; only while the server is not running. */
  backup(): Promise<void> {
    return cp(join(this.folder, 'js'), join(this.folder, 'js-backup'), { recursive: true });
  }

  /** Goes back to the kept store, as a power cut does with what was not synced; only while the server is not running. */
  async rollBack(): Promise<void> {
    await this.wipe();
    await cp(join(this.folder, 'js-backup'), join(this.folder, 'js'), { recursive: true });
  }

  /** As a lost disk does it. Only while the server is not running. */
  wipe(): Promise<void> {
    return rm(join(this.folder, 'js'), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no free port')),
      );
    });
  });
}

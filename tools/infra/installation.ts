import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort, listenError } from './ports.js';
import { endProcess, identify, isAlive, type ProcessIdentity, ProcessLedger } from './processes.js';
import { writePrivate } from './secrets.js';
import { StartError } from './start-error.js';

/** What stays the same from start to start. */
interface Remembered {
  postgresPort?: number;
  natsPort?: number;
  maxFileStore?: number;
  demoUsers?: boolean;
}

/** One data folder, held by one launcher at a time. */
export class Installation {
  readonly ledger: ProcessLedger;
  private readonly memory: Remembered;

  private constructor(readonly dataDir: string) {
    this.ledger = new ProcessLedger(dataDir);
    this.memory = readMemory(this.memoryFile);
  }

  /**
   * Takes hold of the folder, creating it at the first start, and ends the applications that a killed launcher left in it.
   * @throws StartError when another launcher runs on it
   */
  static async open(dataDir: string): Promise<Installation> {
    // Root's must let the account of PostgreSQL pass through; what is secret in it has modes of its own.
    mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    lock(join(dataDir, 'launcher.json'));
    const installation = new Installation(dataDir);
    const applications = installation.ledger.alive().filter(({ name }) => name !== 'postgres' && name !== 'nats');
    await Promise.all(
      applications.map(({ identity }) =>
        endProcess(identity, [
          ['SIGTERM', 5_000],
          ['SIGKILL', 2_000],
        ]),
      ),
    );
    return installation;
  }

  /** A free port: the remembered one while nobody else has it. */
  async port(name: 'postgresPort' | 'natsPort', fixed?: number): Promise<number> {
    // One that is still ours, left by a killed launcher, is busy now and free again when that server was stopped.
    const stale = this.ledger.get(name === 'postgresPort' ? 'postgres' : 'nats');
    if (fixed && !stale && (await listenError(fixed, '127.0.0.1')))
      throw new StartError(`NATS_PORT: port ${fixed} is in use by another program: choose another.`);
    const port = fixed ?? (stale && this.memory[name]) ?? (await freePort(this.memory[name]));
    return this.remember(name, port);
  }

  /** The value of the first start. */
  keep(name: 'maxFileStore', value: () => number): number {
    return this.memory[name] ?? this.remember(name, value());
  }

  /** Whether this start makes demo users, or an earlier one did: they stay. */
  hasDemoUsers(isDemo: boolean): boolean {
    return this.memory.demoUsers ?? (isDemo && this.remember('demoUsers', true));
  }

  close(): void {
    rmSync(join(this.dataDir, 'launcher.json'), { force: true });
  }

  private remember<K extends keyof Remembered>(name: K, value: NonNullable<Remembered[K]>): NonNullable<Remembered[K]> {
    if (this.memory[name] !== value) {
      this.memory[name] = value;
      writePrivate(this.memoryFile, this.memory);
    }
    return value;
  }

  private get memoryFile(): string {
    return join(this.dataDir, 'installation.json');
  }
}

/** The file appears with its content in one step, by linking it into place. */
function lock(file: string): void {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify(identify(process.pid)));
  try {
    for (;;) {
      try {
        linkSync(own, file);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = readOwner(file);
      if (owner && isAlive(owner)) {
        throw new StartError(
          `Process ${owner.pid} is running with the data folder ${dirname(file)} already: stop it first, or give this one another CRM_DATA_DIR and GATEWAY_PORT.`,
        );
      }
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(own);
  }
}

function readOwner(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

function readMemory(file: string): Remembered {
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Remembered;
  } catch {
    return {};
  }
}

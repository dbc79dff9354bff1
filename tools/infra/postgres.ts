import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, postgresHome, removeStaging, serverAccount, stagingFolder } from './postgres-account.js';
import { type Escalation, isAlive, type ProcessIdentity, type ProcessLedger } from './processes.js';
import { endStaleServer, openLog, readLog, type ServerProcess, spawnServer } from './server-process.js';
import { StartError } from './start-error.js';

export interface PostgresOptions {
  /** The installation's data folder; the database lies in `postgres` in it. */
  dataDir: string;
  port: number;
  /** Password of the superuser `postgres`. */
  password: string;
  ledger: ProcessLedger;
  /** false: for tests, a crash of the machine may lose everything. */
  durable: boolean;
}

const READY_WITHIN = 120_000;

/** Fast shutdown first (open transactions roll back), then what it takes. */
const STOP: Escalation = [
  ['SIGINT', 6_000],
  ['SIGQUIT', 2_000],
  ['SIGKILL', 1_000],
];

/**
 * Starts PostgreSQL on loopback TCP, creating its database folder at the first start; one that a killed launcher left
 * running on the same folder is stopped first.
 * @throws StartError one line: half-initialised or damaged folder, other major version, or what the server itself said
 */
export async function startPostgres(options: PostgresOptions): Promise<ServerProcess> {
  const folder = join(options.dataDir, 'postgres');
  const account = serverAccount(folder);
  const home = postgresHome(account);
  removeStaging(folder);
  if (isMissingOrEmpty(folder)) await initialise(home, account, folder, options);
  assertComplete(folder, home);
  await endStaleServer('postgres', folder, join(folder, 'postmaster.pid'), options.ledger, STOP);
  return launch(home, account, folder, options);
}

function isMissingOrEmpty(folder: string): boolean {
  const entry = lstatSync(folder, { throwIfNoEntry: false });
  return !entry || (entry.isDirectory() && readdirSync(folder).length === 0);
}

/** Creates the database under another name and renames it when done, so that a folder in place is always a whole one. */
async function initialise(home: string, account: Account, folder: string, options: PostgresOptions): Promise<void> {
  const staging = stagingFolder(account, folder);
  const args = [
    '--username=postgres',
    '--pwfile=/dev/stdin',
    '--auth=scram-sha-256',
    '--locale=C.UTF-8',
    '--encoding=UTF8',
  ];
  if (!options.durable) args.push('--no-sync');
  // The shell makes a true pipe of the password: no file, and not in the argument list.
  const child = spawn(
    'sh',
    ['-c', 'printf "%s\\n" "$PASSWORD" | "$0" "$@"', join(home, 'bin', 'initdb'), '-D', realpathSync(staging), ...args],
    {
      ...account,
      cwd: '/',
      detached: true,
      env: { PATH: process.env.PATH, PASSWORD: options.password },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (code !== 0) throw new StartError(`PostgreSQL could not create its database in ${folder}: ${oneLine(complaint)}`);
  rmSync(folder, { recursive: true, force: true });
  renameSync(staging, folder);
}

function assertComplete(folder: string, home: string): void {
  const missing = ['PG_VERSION', 'postgresql.conf', 'global/pg_control', 'base', 'pg_wal'].find(
    (name) => !existsSync(join(folder, name)),
  );
  if (missing) {
    throw new StartError(
      `The database in ${folder} is incomplete (${missing} is missing): it was only half created, or is damaged. ` +
        `Put it back from a backup, or move it away to start with an empty one: mv ${folder} ${folder}.broken`,
    );
  }
  const found = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
  const wanted = readFileSync(join(home, 'share/postgresql/postgres.bki'), 'utf8')
    .slice(0, 40)
    .match(/PostgreSQL (\d+)/)?.[1];
  if (wanted && found !== wanted) {
    throw new StartError(
      `The database in ${folder} is PostgreSQL ${found}'s, this is PostgreSQL ${wanted}: move the data by pg_dump of version ${found}.`,
    );
  }
}

async function launch(
  home: string,
  account: Account,
  folder: string,
  options: PostgresOptions,
): Promise<ServerProcess> {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port: options.port,
    unix_socket_directories: '',
    max_connections: 200,
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] %q%u ',
    // Statements are prepared once: what was planned for an empty table stays until its statistics are made anew.
    autovacuum_naptime: '15s',
    // One table at a time: on a machine that the CRM shares they are made while people wait.
    autovacuum_max_workers: 1,
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const log = openLog(options.dataDir, 'postgres');
  const args = [
    '-D',
    realpathSync(folder),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const server = await spawnServer('postgres', join(home, 'bin', 'postgres'), args, {
    ...options,
    folder: realpathSync(folder),
    log,
    account,
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    escalation: STOP,
  });
  await untilReady(server.identity, folder, () => readLog(log));
  return server;
}

/** PostgreSQL says in its pid file when it takes connections. */
async function untilReady(identity: ProcessIdentity, folder: string, log: () => string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN;
  while (Date.now() < deadline) {
    const [pid, , , , , , , status] = readPidFile(folder) ?? [];
    if (Number(pid) === identity.pid && status?.trim() === 'ready') return;
    if (!isAlive(identity)) {
      const lines = log().trim().split('\n');
      const reason = lines.find((line) => /FATAL|PANIC/.test(line)) ?? lines.at(-1) ?? '';
      throw new StartError(
        `PostgreSQL did not start: ${reason.replace(/^.*?(FATAL|PANIC): */, '')} (its log: ${join(dirname(folder), 'logs', 'postgres.log')})`,
      );
    }
    await sleep(10);
  }
  throw new StartError(
    `PostgreSQL was not ready within ${READY_WITHIN / 1000} s; its log: ${join(dirname(folder), 'logs', 'postgres.log')}`,
  );
}

function readPidFile(folder: string): string[] | undefined {
  const file = join(folder, 'postmaster.pid');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : undefined;
}

const oneLine = (text: string) => text.trim().split('\n').slice(0, 3).join(' ');

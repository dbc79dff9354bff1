import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Account } from './postgres-account.js';
import {
  endProcess,
  type Escalation,
  identify,
  type ProcessIdentity,
  type ProcessLedger,
  workingFolder,
} from './processes.js';
import { StartError } from './start-error.js';

/** A server that runs as a process of its own and outlives the one that started it, unless it is stopped. */
export interface ServerProcess {
  readonly identity: ProcessIdentity;
  readonly port: number;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

const KEEP_BYTES = 10 * 1024 * 1024;

/** A server's log, open for appending. */
export interface ServerLog {
  fd: number;
  file: string;
  /** Where this start's lines begin. */
  from: number;
}

/** Opens `logs/<name>.log` of the data folder; one that has grown large becomes `<name>.log.1`. */
export function openLog(dataDir: string, name: string): ServerLog {
  const folder = join(dataDir, 'logs');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.log`);
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > KEEP_BYTES) renameSync(file, `${file}.1`);
  const fd = openSync(file, 'a', 0o600);
  return { fd, file, from: fstatSync(fd).size };
}

/** What was written since the log was opened. */
export function readLog(log: ServerLog): string {
  return readFileSync(log.file).subarray(log.from).toString();
}

interface SpawnOptions {
  /** The server's own folder, in which it runs. */
  folder: string;
  port: number;
  ledger: ProcessLedger;
  log: ServerLog;
  account: Account;
  env: NodeJS.ProcessEnv;
  escalation: Escalation;
}

/** Runs a server in a session of its own: Ctrl-C in the terminal must reach the applications, not what they stand on. */
export async function spawnServer(
  name: string,
  program: string,
  args: string[],
  options: SpawnOptions,
): Promise<ServerProcess> {
  const { account, env, ledger, log, port, escalation } = options;
  const stdio = ['ignore', log.fd, log.fd] as const;
  const child = spawn(program, args, { ...account, cwd: options.folder, detached: true, env, stdio: [...stdio] });
  // At once: what is not in the ledger when this process is killed is not found by the next start.
  const identity = child.pid ? ledger.add(name, child.pid) : undefined;
  closeSync(log.fd);
  child.unref();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const failed = await new Promise<Error | undefined>((resolve) =>
    child.once('spawn', () => resolve(undefined)).once('error', resolve),
  );
  if (failed || !identity) throw new StartError(`${program} could not be run: ${failed?.message}`);
  return {
    identity,
    port,
    ended,
    async stop() {
      await endProcess(identity, escalation);
      ledger.remove(name);
    },
  };
}

/**
 * Ends a server that a killed launcher left running in `folder`. Found by the ledger or by the server's own pid file; a process
 * that neither is in the ledger nor runs in that folder is somebody else's, and its pid file out of date.
 */
export async function endStaleServer(
  name: string,
  folder: string,
  pidFile: string,
  ledger: ProcessLedger,
  escalation: Escalation,
): Promise<void> {
  const recorded = ledger.get(name);
  if (recorded) await endProcess(recorded, escalation);
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0;
  const identity = pid > 0 ? identify(pid) : undefined;
  if (!identity) return;
  const runsIn = workingFolder(pid);
  if (runsIn === realpathSync(folder)) await endProcess(identity, escalation);
  // PostgreSQL could take the other program for its own old self and refuse to start.
  else if (runsIn !== undefined) rmSync(pidFile, { force: true });
}

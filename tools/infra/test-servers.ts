import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountsSetting, natsAccounts } from '#contracts';
import { startNats } from './nats.js';
import { freePort } from './ports.js';
import { startPostgres } from './postgres.js';
import { removeFolder } from './postgres-account.js';
import { endProcess, ProcessLedger } from './processes.js';
import type { ServerProcess } from './server-process.js';

/** The servers of one test run. */
export interface TestServers {
  /**
   * TEST_FOLDER, which goes at the end of the run with all that is in it;
   * TEST_DATABASE_URL (superuser) and TEST_NATS_URL, with TEST_NATS_PASSWORD: the password of every user of `natsUsers()` and of
   * the user `test`, who may do everything in the CRM's account.
   */
  env: Record<string, string>;
  /** Stops what was started and removes its files. */
  stop(): Promise<void>;
}

const PREFIX = `crm-test-${process.getuid?.() ?? 0}-`;
const PASSWORD = 'test-password';

/**
 * Starts one PostgreSQL (without fsync) and one nats-server in a temporary folder, except what TEST_DATABASE_URL and TEST_NATS_URL
 * name already. Ctrl-C stops them too; what a killed run left behind is cleared by the next.
 */
export async function startTestServers(env: NodeJS.ProcessEnv = process.env): Promise<TestServers> {
  await clearAbandoned();
  const dataDir = mkdtempSync(join(tmpdir(), PREFIX));
  chmodSync(dataDir, 0o711);
  const ledger = new ProcessLedger(dataDir);
  ledger.add('test-run', process.pid);
  const running: ServerProcess[] = [];
  const stop = async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
    endLeftBrokers(dataDir);
    removeData(dataDir);
  };
  const interrupted = (signal: NodeJS.Signals) =>
    void stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    const found: Record<string, string> = { TEST_FOLDER: dataDir };
    await Promise.all([
      env.TEST_DATABASE_URL ||
        startPostgres({ dataDir, ledger, port: await freePort(), password: PASSWORD, durable: false }).then(
          (server) => {
            running.push(server);
            found.TEST_DATABASE_URL = `postgresql://postgres:${PASSWORD}@127.0.0.1:${server.port}/postgres`;
          },
        ),
      env.TEST_NATS_URL ||
        startTestNats(dataDir, ledger, env).then((server) => {
          running.push(server);
          found.TEST_NATS_URL = `nats://127.0.0.1:${server.port}`;
          found.TEST_NATS_PASSWORD = PASSWORD;
        }),
    ]);
    return { env: found, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startTestNats(dataDir: string, ledger: ProcessLedger, env: NodeJS.ProcessEnv): Promise<ServerProcess> {
  const accounts = accountsSetting(natsAccounts([{ user: 'test', publish: ['>'], subscribe: ['>'] }]), () => PASSWORD);
  const binary = env.NATS_SERVER_BIN ?? 'nats-server';
  return startNats({ binary, dataDir, ledger, accounts, port: await freePort(), maxFileStore: 1024 ** 3 });
}

/** Ends the servers, and removes the files, of runs that were killed. */
async function clearAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const dataDir = join(tmpdir(), name);
    const left = new ProcessLedger(dataDir).alive();
    if (left.some((entry) => entry.name === 'test-run')) continue;
    for (const { identity } of left) {
      await endProcess(identity, [
        ['SIGINT', 3_000],
        ['SIGKILL', 1_000],
      ]);
    }
    endLeftBrokers(dataDir);
    removeData(dataDir);
  }
}

/** Brokers of single test files, whose test ended without stopping them. */
function endLeftBrokers(dataDir: string): void {
  for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith('crm-nats-'))) {
    const pidFile = join(dataDir, name, 'nats.pid');
    if (!existsSync(pidFile)) continue;
    const pid = Number(readFileSync(pidFile, 'utf8'));
    try {
      // The number may belong to somebody else by now.
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(name)) process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

function removeData(dataDir: string): void {
  for (const name of readdirSync(dataDir)) if (name.startsWith('postgres')) removeFolder(join(dataDir, name));
  rmSync(dataDir, { recursive: true, force: true });
}

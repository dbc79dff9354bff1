import { MAX_PAYLOAD } from '#contracts';
import { mkdirSync, statfsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Escalation, isAlive, type ProcessLedger } from './processes.js';
import { writePrivate } from './secrets.js';
import { endStaleServer, openLog, readLog, type ServerProcess, spawnServer } from './server-process.js';
import { StartError } from './start-error.js';

export interface NatsOptions {
  /** The program. */
  binary: string;
  /** The installation's data folder; configuration and JetStream's files lie in `nats` in it. */
  dataDir: string;
  port: number;
  /** nats-server's setting of that name. */
  accounts: Record<string, object>;
  ledger: ProcessLedger;
  /** Bytes that JetStream may use on the disk. */
  maxFileStore: number;
}

const PID_FILE = 'nats-server.pid';
const READY_WITHIN = 60_000;
const STOP: Escalation = [
  ['SIGINT', 3_000],
  ['SIGKILL', 1_000],
];

/**
 * Starts nats-server with JetStream on loopback; one that a killed launcher left running is stopped first.
 * @throws StartError one line with what the server said
 */
export async function startNats(options: NatsOptions): Promise<ServerProcess> {
  const folder = join(options.dataDir, 'nats');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await endStaleServer('nats', folder, join(folder, PID_FILE), options.ledger, STOP);
  const configuration = join(folder, 'nats-server.json');
  writePrivate(configuration, natsConfiguration(options, folder));
  const log = openLog(options.dataDir, 'nats');
  const server = await spawnServer('nats', options.binary, ['-c', configuration], {
    ...options,
    folder,
    log,
    account: {},
    env: { PATH: process.env.PATH },
    escalation: STOP,
  });
  const deadline = Date.now() + READY_WITHIN;
  while (!(await greetsWithJetStream(options.port))) {
    if (!isAlive(server.identity)) {
      const said = readLog(log).trim().split('\n');
      const reason = said.find((line) => line.includes('[FTL]') || line.includes('[ERR]')) ?? said.at(-1);
      throw new StartError(
        `nats-server did not start: ${reason?.replace(/^.*?\[(FTL|ERR)\] */, '')} (its log: ${log.file})`,
      );
    }
    if (Date.now() > deadline)
      throw new StartError(`nats-server was not ready within ${READY_WITHIN / 1000} s; its log: ${log.file}`);
    await sleep(10);
  }
  return server;
}

function natsConfiguration(options: NatsOptions, folder: string): object {
  return {
    server_name: 'crm',
    pid_file: join(folder, PID_FILE),
    host: '127.0.0.1',
    port: options.port,
    max_payload: MAX_PAYLOAD,
    jetstream: {
      store_dir: join(folder, 'jetstream'),
      max_file_store: options.maxFileStore,
      max_memory_store: 64 * 1024 * 1024,
    },
    accounts: options.accounts,
  };
}

/** A third of what is free on the disk, between 1 and 10 GiB: 2.9 must never see a full disk. */
export function fileStoreLimit(dataDir: string): number {
  const GiB = 1024 ** 3;
  const { bavail, bsize } = statfsSync(dataDir);
  return Math.floor(Math.min(10 * GiB, Math.max(GiB, (bavail * bsize) / 3)));
}

/** The first line a NATS server sends says what it can do. */
function greetsWithJetStream(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.once('data', (line) => end(/^INFO .*"jetstream":true/.test(line.toString())));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

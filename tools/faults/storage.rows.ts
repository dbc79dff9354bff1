import { execFileSync } from 'node:child_process';
import { chownSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../infra/processes.js';
import {
  askedBetween,
  isFailure,
  longestSilence,
  noRequestMayFail,
  othersMustBeUnaffected,
  readEverywhere,
} from './answers.js';
import type { Cluster } from './cluster.js';
import { type FaultRow, mustHold, seconds } from './fault-row.js';
import { countEvents } from './observation.js';
import { fillDisk, freeDisk, mountSmallDisk, noSmallDisks, unmountSmallDisk } from './small-disk.js';

const HEALED_WITHIN_MS = 30_000;

/** Faults of PostgreSQL, and of the disks. */
export const storageRows: readonly FaultRow[] = [
  {
    number: 8,
    fault: 'the disk of NATS is full, later there is room again',
    invariant: 'writes go on, the hanging broker is restarted, everything is published in the end',
    unable: noSmallDisks,
    cluster: {
      prepare(dataDir, stops) {
        mountSmallDisk(diskOfNats(dataDir), 64);
        stops.push(async () => unmountSmallDisk(diskOfNats(dataDir)));
      },
    },
    async harm({ cluster, people, short }) {
      const disk = diskOfNats(cluster.dataDir);
      const running = cluster.process('nats')!.pid;
      const from = people.now();
      fillDisk(disk);
      await cluster.until(
        () => cluster.process('nats')?.pid !== running,
        'the hanging broker is not restarted',
        60_000,
      );
      const noticed = people.now() - from;
      await sleep(short ? 3000 : 30_000);
      const waiting = await countEvents(cluster);
      freeDisk(disk);
      const freed = people.now();
      await cluster.until(
        async () => (await countEvents(cluster)) < Math.max(50, waiting / 10),
        'what waits does not drain',
        120_000,
      );
      const drained = people.now() - freed;
      noRequestMayFail(people, from);
      return {
        'full → restarted, s': seconds(noticed),
        'events waiting': waiting,
        'room again → drained, s': seconds(drained),
      };
    },
  },
  {
    number: 10,
    fault:
      'PostgreSQL under load: SIGKILL of a busy session, which restarts them all; then immediate shutdown of the server',
    invariant: 'what was acknowledged is there; the pools heal and no application is restarted',
    async harm({ cluster, people, short }) {
      const before = applicationPids(cluster);
      const crashes: number[] = [];
      const shutdowns: number[] = [];
      for (let round = 0; round < (short ? 1 : 4); round++) {
        const crashed = people.now();
        process.kill(await busySession(cluster), 'SIGKILL');
        crashes.push(await longestSilence(cluster, people, crashed, HEALED_WITHIN_MS));
        const ended = people.now();
        const server = cluster.process('postgres')!;
        process.kill(server.pid, 'SIGQUIT');
        shutdowns.push(await longestSilence(cluster, people, ended, HEALED_WITHIN_MS));
        mustHold(cluster.process('postgres')?.pid !== server.pid, 'the launcher starts PostgreSQL again');
      }
      mustHold(applicationPids(cluster) === before, 'no application is restarted');
      return {
        rounds: crashes.length,
        'session killed, no write for at most s': seconds(Math.max(...crashes)),
        'server shut down, no write for at most s': seconds(Math.max(...shutdowns)),
      };
    },
  },
  {
    number: 11,
    fault: 'the disk of PostgreSQL is full, later there is room again',
    invariant: 'writes are answered 503 or 507, reads go on, nothing is half written',
    unable: noSmallDisks,
    cluster: {
      prepare(dataDir, stops) {
        stops.push(async () => unmountSmallDisk(folderOfPostgres(dataDir)));
      },
    },
    async harm({ cluster, people, short }) {
      const disk = moveToSmallDisk(cluster);
      await longestSilence(cluster, people, people.now(), HEALED_WITHIN_MS);
      const stop = readEverywhere(people, 5);
      const keepFull = setInterval(() => fillDisk(disk), 200);
      try {
        const from = people.now();
        fillDisk(disk);
        const writes = () => askedBetween(people, from).filter(({ method }) => method !== 'GET');
        await cluster.until(() => writes().some(isFailure), 'a full disk is not noticed');
        await sleep(short ? 8000 : 30_000);
        clearInterval(keepFull);
        freeDisk(disk);
        const freed = people.now();
        const healed = await longestSilence(cluster, people, freed, HEALED_WITHIN_MS);
        const during = askedBetween(people, from, freed);
        const refused = during.filter((answer) => answer.method !== 'GET' && isFailure(answer));
        const other = refused.filter(({ status }) => status !== 503 && status !== 507);
        const reads = during.filter(({ method }) => method === 'GET');
        const unread = reads.filter(isFailure);
        mustHold(
          other.length === 0,
          `writes are answered 503 or 507 (${other.length} not: ${JSON.stringify(other.slice(0, 3))})`,
        );
        mustHold(
          unread.length === 0,
          `reads go on (${unread.length} of ${reads.length} fail: ${JSON.stringify(unread.slice(0, 3))})`,
        );
        return {
          'writes refused': refused.length,
          'reads meanwhile': reads.length,
          'room again → writes again, s': seconds(healed),
        };
      } finally {
        clearInterval(keepFull);
        freeDisk(disk);
        await stop();
      }
    },
  },
  {
    number: 12,
    fault: 'PostgreSQL stalls: a lock on the table of customers, then SIGSTOP of one of their sessions',
    invariant: 'requests end by lock_timeout; the other services do not notice',
    // Beside what is read everywhere: a machine of two cores is not to be overloaded by the load alone.
    storiesPerSecond: 6,
    async harm({ cluster, people, short }) {
      const stop = readEverywhere(people, 15);
      try {
        const calm = people.now();
        await sleep(short ? 6000 : 15_000);
        const locked = people.now();
        await holdLock(cluster, 'customer.customer', short ? 12_000 : 30_000);
        const released = people.now();
        const refused = askedBetween(people, locked, released).filter(
          (answer) => answer.service === 'customer' && isFailure(answer),
        );
        mustHold(
          refused.some(({ status }) => status === 503),
          'lock_timeout ends what waits for the table',
        );
        mustHold(
          !refused.some(({ status }) => status !== 503),
          `it is answered 503 (${JSON.stringify(refused.find(({ status }) => status !== 503))})`,
        );
        const healed = await longestSilence(cluster, people, released, HEALED_WITHIN_MS);
        // What waited is worked off first; then there is another calm to compare with.
        await sleep(short ? 4000 : 10_000);
        const calmAgain = people.now();
        await sleep(short ? 5000 : 15_000);
        const stopped = people.now();
        await stopSession(cluster, short ? 6000 : 30_000);
        const resumed = people.now();
        // What hung has its answer now.
        await longestSilence(cluster, people, resumed, HEALED_WITHIN_MS);
        // One calm of 15 s has too few requests to show the pauses that the machine makes by itself.
        const [firstCalm, secondCalm] = [askedBetween(people, calm, locked), askedBetween(people, calmAgain, stopped)];
        othersMustBeUnaffected(firstCalm, secondCalm, 'customer');
        const calmOnes = [...firstCalm, ...secondCalm];
        const others = othersMustBeUnaffected(calmOnes, askedBetween(people, locked, released), 'customer');
        othersMustBeUnaffected(calmOnes, askedBetween(people, stopped, resumed), 'customer');
        return {
          ...others,
          'requests to the table refused': refused.length,
          'lock gone → writes again, s': seconds(healed),
        };
      } finally {
        await stop();
      }
    },
  },
];

const diskOfNats = (dataDir: string): string => join(dataDir, 'nats', 'jetstream');
/** Root's lies elsewhere. */
const folderOfPostgres = (dataDir: string): string => realpathSync(join(dataDir, 'postgres'));
/** Room that PostgreSQL has beside what it holds, until the disk is filled. */
const ROOM_MB = 48;

/**
 * Moves the database onto a disk that is hardly larger. Without a pause for anything else: the launcher starts a server that has
 * ended again, and must find all of it.
 */
function moveToSmallDisk(cluster: Cluster): string {
  const folder = folderOfPostgres(cluster.dataDir);
  const kept = `${folder}.kept`;
  const server = cluster.process('postgres')!;
  process.kill(server.pid, 'SIGINT');
  while (isAlive(server)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  const { uid, gid } = statSync(folder);
  execFileSync('cp', ['-a', folder, kept]);
  const megabytes = Number(execFileSync('du', ['-sm', folder], { encoding: 'utf8' }).split('\t')[0]);
  mountSmallDisk(folder, megabytes + ROOM_MB);
  execFileSync('cp', ['-a', `${kept}/.`, folder]);
  chownSync(folder, uid, gid);
  rmSync(kept, { recursive: true });
  return folder;
}

const applicationPids = (cluster: Cluster): string =>
  cluster.applications.map(({ label }) => cluster.process(label)?.pid ?? 'none').join();

const SESSIONS = `SELECT pid, wait_event_type AS waits FROM pg_stat_activity WHERE application_name LIKE 'crm-%' AND application_name NOT LIKE '%-relay'`;

/** The process of a session that is at work for a service. */
async function busySession(cluster: Cluster): Promise<number> {
  let pid = 0;
  await cluster.until(async () => {
    const [session] = await cluster.query<{ pid: number }>(`${SESSIONS} AND state <> 'idle' LIMIT 1`);
    pid = session?.pid ?? 0;
    return pid > 0;
  }, 'no session is busy');
  return pid;
}

async function holdLock(cluster: Cluster, table: string, milliseconds: number): Promise<void> {
  const session = await cluster.database.connect();
  try {
    await session.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    await sleep(milliseconds);
  } finally {
    await session.query('ROLLBACK');
    session.release();
  }
}

/** Stops one that waits for its client: one that holds a latch of the whole server would stop all of it, which no program can help. */
async function stopSession(cluster: Cluster, milliseconds: number): Promise<void> {
  const sessions = await cluster.query<{ pid: number }>(
    `${SESSIONS} AND application_name = 'crm-customer' AND wait_event_type = 'Client'`,
  );
  for (const { pid } of sessions) {
    process.kill(pid, 'SIGSTOP');
    try {
      const [still] = await cluster.query<{ waits: string }>(`${SESSIONS} AND pid = $1`, [pid]);
      if (still?.waits !== 'Client') continue;
      await sleep(milliseconds);
      return;
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }
  throw new Error('no session could be stopped');
}

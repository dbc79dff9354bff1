import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../bench/figure.js';
import { askedBetween, noRequestMayFail } from './answers.js';
import { salesFeedBacklog, untilFeedIsTakenIn, untilNatsAnswers } from './broker-client.js';
import type { Cluster } from './cluster.js';
import { type FaultRow, mustHold, seconds } from './fault-row.js';
import { countEvents } from './observation.js';

/** Faults of our own processes. */
export const processRows: readonly FaultRow[] = [
  {
    number: 1,
    fault: 'SIGKILL of each service at random, every 0.3 to 2 s',
    invariant: 'no acknowledged write without its event and effect',
    inShort: true,
    async harm({ cluster, random, short }) {
      const until = performance.now() + (short ? 12_000 : 60_000);
      const recoveries: number[] = [];
      const watches: Array<Promise<void>> = [];
      const lastKill = new Map<string, number>();
      let kills = 0;
      while (performance.now() < until) {
        const label = random.pick(cluster.labels());
        if (cluster.signal(label, 'SIGKILL')) {
          kills += 1;
          const killedAt = performance.now();
          lastKill.set(label, killedAt);
          // One that is killed again on its way has its time from then on.
          const watch = cluster.ready(label, until - killedAt + 60_000).then(() => {
            if (lastKill.get(label) === killedAt) recoveries.push(performance.now() - killedAt);
          });
          watches.push(watch);
        }
        await sleep(random.between(300, 2000));
      }
      await Promise.all(watches);
      return { kills, 'kill → ready, median s': seconds(median(recoveries)) };
    },
  },
  {
    number: 2,
    fault: 'the relay is killed between the acknowledgement of the broker and the mark in the outbox',
    invariant: 'what goes out twice is applied once',
    async harm({ cluster, short }) {
      let twice = 0;
      const rounds = short ? 2 : 6;
      for (let round = 0; round < rounds; round++)
        twice += await killBeforeMark(cluster, round % 2 ? 'marketing' : 'customer');
      mustHold(twice > 0, 'some events were published and not marked when the relay was killed');
      return { kills: rounds, 'events published twice': twice };
    },
  },
  {
    number: 3,
    fault: 'consumers are killed after their commit and before their acknowledgement',
    invariant: 'each event has its effect once',
    inShort: true,
    cluster: { proxied: ['nats'] },
    async harm({ cluster, short }) {
      let redelivered = 0;
      for (let round = 0; round < (short ? 1 : 3); round++)
        for (const service of short ? ['service'] : ['service', 'reporting', 'customer'])
          redelivered += await killBeforeAck(cluster, service);
      mustHold(redelivered > 0, 'some events were applied and not acknowledged when the consumers were killed');
      return { 'events applied, not acknowledged': redelivered };
    },
  },
  {
    number: 16,
    fault: 'zombie relay: stopped by SIGSTOP, its session ended, another copy takes over, SIGCONT',
    invariant: 'no row is marked by the zombie, order per record kept',
    async harm({ cluster, short }) {
      const overlaps: number[] = [];
      for (let round = 0; round < (short ? 1 : 4); round++) {
        const service = round % 2 ? 'customer' : 'marketing';
        const zombie = await relayOf(cluster, service);
        process.kill(zombie.pid, 'SIGSTOP');
        const stoppedAt = performance.now();
        await cluster.query('SELECT pg_terminate_backend($1)', [zombie.backend]);
        await cluster.until(
          async () => (await relayOf(cluster, service)).pid !== zombie.pid,
          `no other relay of ${service} takes over`,
        );
        overlaps.push(performance.now() - stoppedAt);
        await sleep(1500);
        process.kill(zombie.pid, 'SIGCONT');
        await sleep(3000);
      }
      return { 'take-overs': overlaps.length, 'stopped → another rules, median s': seconds(median(overlaps)) };
    },
  },
  {
    number: 19,
    fault: 'rolling restart of all copies of all services under load (one gateway, which stays)',
    invariant: 'no request fails, no event twice',
    // A machine of two cores is not to be overloaded by the load alone.
    storiesPerSecond: 6,
    async harm({ cluster, people }) {
      const from = people.now();
      const drains: number[] = [];
      for (const label of cluster.labels()) drains.push(await restart(cluster, label));
      await sleep(2000);
      noRequestMayFail(people, from);
      return {
        restarts: drains.length,
        requests: askedBetween(people, from).length,
        'drain, median s': seconds(median(drains)),
      };
    },
  },
  {
    number: 30,
    fault:
      'the sales system feeds over NATS: all copies of the customer service are killed, then restarted in turn, then NATS is killed',
    invariant: 'each order that the broker acknowledged is in once, at its newest version; the feed goes on by itself',
    feedsOverNats: true,
    // Leaves room to work off what waits after each fault.
    storiesPerSecond: 6,
    async harm({ cluster, salesSystem, short }) {
      const labels = cluster.labels('customer');
      const taken: number[] = [];
      /** From the fault until what the broker acknowledged after its end is taken in. */
      const goesOn = async (fault: () => Promise<void>) => {
        const begun = performance.now();
        await fault();
        const { acknowledged } = salesSystem!;
        await cluster.until(() => salesSystem!.acknowledged > acknowledged, 'the broker acknowledges nothing', 30_000);
        await untilFeedIsTakenIn(cluster, 30_000);
        taken.push(performance.now() - begun);
      };
      const begun = salesSystem!.acknowledged;
      const rounds = short ? 1 : 3;
      for (let round = 0; round < rounds; round++) {
        await goesOn(async () => {
          await Promise.all(labels.map((label) => cluster.kill(label)));
          const { acknowledged } = salesSystem!;
          const isWaiting = async () =>
            salesSystem!.acknowledged > acknowledged && (await salesFeedBacklog(cluster)) > 0;
          await cluster.until(isWaiting, 'no order waits to be taken in');
          await Promise.all(labels.map((label) => cluster.ready(label)));
        });
        await goesOn(async () => {
          for (const label of labels) await restart(cluster, label);
        });
        await goesOn(async () => {
          await cluster.kill('nats');
          await untilNatsAnswers(cluster);
        });
      }
      return {
        rounds,
        'messages acknowledged': salesSystem!.acknowledged - begun,
        'fault → feed goes on, longest s': seconds(Math.max(...taken)),
      };
    },
  },
];

/** As an operator restarts one copy. @returns the milliseconds that it took to end */
async function restart(cluster: Cluster, label: string): Promise<number> {
  const before = cluster.process(label)!;
  const begun = performance.now();
  cluster.signal(label, 'SIGTERM');
  await cluster.until(() => cluster.process(label)?.pid !== before.pid, `${label} does not end`);
  const took = performance.now() - begun;
  await cluster.until(() => Boolean(cluster.process(label)), `${label} is not started again`);
  await cluster.ready(label);
  return took;
}

interface Relay {
  readonly pid: number;
  /** Of its session in PostgreSQL. */
  readonly backend: number;
}

/** The process of the copy whose session holds the relay's lock. */
async function relayOf(cluster: Cluster, service: string): Promise<Relay> {
  const [session] = await cluster.query<{ backend: number; port: number }>(
    `SELECT a.pid AS backend, a.client_port AS port FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = $1 AND l.objsubid = 1
        AND l.objid = (hashtext($2)::bigint & 4294967295)::oid`,
    [`crm-${service}-relay`, `relay:${service}`],
  );
  if (!session) throw new Error(`no relay of ${service} holds its lock`);
  for (const label of cluster.labels(service)) {
    const found = cluster.process(label);
    if (found && ownsLocalPort(found.pid, session.port)) return { pid: found.pid, backend: session.backend };
  }
  throw new Error(`the session of the relay of ${service} belongs to none of its copies`);
}

/** By the tables of the kernel, Linux only. */
function ownsLocalPort(pid: number, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = new Set<string>();
  for (const table of ['tcp', 'tcp6'])
    for (const line of readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${hex}`)) sockets.add(`socket:[${fields[9]}]`);
    }
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false;
    }
  });
}

/**
 * The row's mark waits for a lock that is ours: the broker has answered, PostgreSQL does not know. The trigger stays, and waits for nobody
 * any more: to drop it would lock the partitions before their table, and meet those who write.
 * @returns how many events
 */
async function killBeforeMark(cluster: Cluster, service: string): Promise<number> {
  await cluster.query(`
    CREATE OR REPLACE FUNCTION recorder.hold_mark() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_advisory_xact_lock_shared(4711, hashtext(TG_TABLE_SCHEMA)); RETURN NEW; END $$;
    CREATE OR REPLACE TRIGGER hold BEFORE UPDATE OF published_at ON ${service}.outbox FOR EACH ROW EXECUTE FUNCTION recorder.hold_mark()`);
  const holder = await cluster.database.connect();
  try {
    await holder.query('SELECT pg_advisory_lock(4711, hashtext($1))', [service]);
    const waiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 4711 AND NOT granted`;
    await cluster.until(async () => (await cluster.query(waiting)).length > 0, 'no relay comes to mark a row', 20_000);
    const relay = await relayOf(cluster, service);
    const batch = await countEvents(cluster, [service]);
    process.kill(relay.pid, 'SIGKILL');
    return batch;
  } finally {
    await holder.query('SELECT pg_advisory_unlock(4711, hashtext($1))', [service]);
    holder.release();
    await Promise.all(cluster.labels(service).map((label) => cluster.ready(label)));
  }
}

/** What the service says to the broker vanishes: it applies what it has, and dies with the acknowledgements unheard. @returns how many */
async function killBeforeAck(cluster: Cluster, service: string): Promise<number> {
  const labels = cluster.labels(service);
  const steps = async () =>
    (
      await cluster.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM recorder.step WHERE consumer LIKE $1`,
        [`${service}-%`],
      )
    )[0]!.count;
  for (const label of labels) cluster.proxies.get(`${label}→nats`)!.become({ swallow: 'up' });
  const before = await steps();
  try {
    await cluster.until(async () => (await steps()) > before, `${service} applies nothing`, 20_000);
    await sleep(200);
    for (const label of labels) cluster.signal(label, 'SIGKILL');
  } finally {
    for (const label of labels) cluster.proxies.get(`${label}→nats`)!.become({});
  }
  const applied = (await steps()) - before;
  await Promise.all(labels.map((label) => cluster.ready(label)));
  return applied;
}

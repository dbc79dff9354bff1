import { execFileSync, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { askedBetween, isFailure, longestSilence, othersMustBeUnaffected, p99, readEverywhere } from './answers.js';
import type { Cluster } from './cluster.js';
import { type FaultRow, mustHold, seconds } from './fault-row.js';
import type { Answer } from './history.js';
import type { People } from './people.js';
import type { TcpProxy } from './tcp-proxy.js';

/** What the gateway gives a service for an answer, and how late its timers may be. */
const DEADLINE_MS = 10_000;
const TIMERS_LATE_MS = 1500;

/** Faults of the network between our programs. */
export const networkRows: readonly FaultRow[] = [
  {
    number: 13,
    fault:
      'one copy behind the gateway: its answers vanish, then it refuses connections, then they are reset all the time',
    invariant:
      'requests end within the deadline; the breaker opens, the other copy serves; no POST without a key goes out twice',
    cluster: { proxied: ['services'], env: { LOG_LEVEL: 'info' } },
    // Beside the customers without keys: one copy has to be able to serve them all.
    storiesPerSecond: 6,
    async harm({ cluster, people, short }) {
      const from = people.now();
      const stop = postWithoutKey(people);
      const proxy = cluster.proxies.get('gateway→customer-2')!;
      let halfOpen, refused;
      try {
        halfOpen = await breakAndHeal(cluster, people, proxy, { swallow: 'down' }, short ? 2000 : 10_000);
        refused = await breakAndHeal(cluster, people, proxy, { refuse: true }, short ? 2000 : 10_000);
        const resets = setInterval(() => proxy.resetAll(), 300);
        await sleep(short ? 4000 : 15_000);
        clearInterval(resets);
      } finally {
        await stop();
      }
      const asked = askedBetween(people, from).filter(({ service }) => service === 'customer');
      const longest = mustEndInTime(asked);
      const twice = await cluster.query(
        `SELECT name FROM customer.customer WHERE name LIKE 'Keyless %' GROUP BY name HAVING count(*) > 1`,
      );
      mustHold(twice.length === 0, `no POST without a key goes out twice (${twice.length} did)`);
      return {
        'half-open → breaker open, s': halfOpen.open,
        'healed → closed, s': halfOpen.close,
        'slowest request, s': seconds(longest),
        'refused → breaker open, s': refused.open,
        'refused, healed → closed, s': refused.close,
        'requests failed': asked.filter(isFailure).length,
      };
    },
  },
  {
    number: 14,
    fault: 'every copy of a service is 5 s ± 2 away; then one copy is cut into pieces and has 10 kB/s',
    invariant: 'requests end within the deadline; the other services do not notice; a slow copy only is slow',
    cluster: { proxied: ['services'] },
    // Beside what is read everywhere: a machine of two cores is not to be overloaded by the load alone.
    storiesPerSecond: 6,
    async harm({ cluster, people, short }) {
      const proxies = cluster.labels('customer').map((label) => cluster.proxies.get(`gateway→${label}`)!);
      const stopReads = readEverywhere(people, 10);
      const calm = people.now();
      await sleep(short ? 6000 : 15_000);
      const stopWrites = postWithoutKey(people);
      const far = people.now();
      for (const proxy of proxies) proxy.become({ latencyMs: 3000, jitterMs: 4000 });
      await sleep(short ? 12_000 : 30_000);
      const near = people.now();
      for (const proxy of proxies) proxy.become({});
      await stopWrites();
      await longestSilence(cluster, people, near, 30_000);
      // What waited is worked off first: it is no part of the other fault.
      await sleep(short ? 4000 : 10_000);
      const slow = people.now();
      const carried = proxies[0]!.carried;
      proxies[0]!.become({ slice: 64, bytesPerSecond: 10_000 });
      await sleep(short ? 5000 : 20_000);
      const through = proxies[0]!.carried - carried;
      proxies[0]!.become({});
      await stopReads();
      const others = othersMustBeUnaffected(
        askedBetween(people, calm, far),
        askedBetween(people, far, near),
        'customer',
      );
      const ofCustomer = (from: number, to?: number) =>
        askedBetween(people, from, to).filter(({ service }) => service === 'customer');
      const longest = mustEndInTime(ofCustomer(far));
      const cut = ofCustomer(slow);
      const failed = cut.filter(isFailure);
      mustHold(
        failed.length === 0,
        `a slow copy fails no request (${failed.length} of ${cut.length} failed: ${JSON.stringify(failed.slice(0, 3))})`,
      );
      mustHold(through > 10_000, `the slow copy is asked, too (${through} bytes went through)`);
      const gone = ofCustomer(far, near).filter(isFailure);
      return {
        ...others,
        'slowest request, s': seconds(longest),
        'requests given up': `${gone.length} of ${ofCustomer(far, near).length}`,
        'p99 with a copy behind 10 kB/s, ms': p99(cut),
        'bytes through it': through,
      };
    },
  },
  {
    number: 15,
    fault: '30 % of the packets from and to PostgreSQL and NATS are lost',
    invariant: 'slower, never wrong',
    unable: () =>
      process.getuid?.() === 0 && spawnSync('iptables', ['-S', 'INPUT']).status === 0
        ? undefined
        : 'it takes root and iptables',
    async harm({ cluster, people, short }) {
      const { databaseUrls, natsUrl } = cluster.foundations;
      const ports = [databaseUrls.auth!, natsUrl].map((url) => new URL(url).port);
      const rate = (from: number, to: number) => {
        const done = askedBetween(people, from, to).filter((answer) => answer.method !== 'GET' && !isFailure(answer));
        return { perSecond: Math.round((done.length * 1000) / (to - from)), p99: p99(done) };
      };
      const calm = people.now();
      await sleep(4000);
      const from = people.now();
      const heal = losePackets(ports);
      cluster.beforeStop(async () => heal());
      try {
        await sleep(short ? 15_000 : 60_000);
      } finally {
        heal();
      }
      const to = people.now();
      const silence = await longestSilence(cluster, people, to, 30_000);
      const [before, during] = [rate(calm, from), rate(from, to)];
      mustHold(during.perSecond > 0, 'work goes on');
      return {
        'writes/s': `${before.perSecond} → ${during.perSecond}`,
        'p99 of writes, ms': `${before.p99} → ${during.p99}`,
        'healed → writes again, s': seconds(silence),
      };
    },
  },
];

/** @returns undoes it, at once and only once */
function losePackets(ports: readonly string[]): () => void {
  const rules: string[][] = [];
  for (const port of ports)
    for (const end of ['--dport', '--sport'])
      rules.push(`INPUT -i lo -p tcp ${end} ${port} -m statistic --mode random --probability 0.3 -j DROP`.split(' '));
  for (const rule of rules) execFileSync('iptables', ['-w', '-I', ...rule]);
  const heal = () => {
    for (const rule of rules.splice(0)) execFileSync('iptables', ['-w', '-D', ...rule]);
    process.off('exit', heal);
  };
  process.once('exit', heal);
  return heal;
}

/** @returns milliseconds of the slowest */
function mustEndInTime(answers: readonly Answer[]): number {
  const longest = Math.max(...answers.map(({ ms }) => ms));
  mustHold(
    longest <= DEADLINE_MS + TIMERS_LATE_MS && !answers.some(({ status }) => status === 0),
    `every request is answered within its deadline (the slowest took ${seconds(longest)} s)`,
  );
  return longest;
}

/** A customer a piece, without an Idempotency-Key, ten times a second until stopped. */
function postWithoutKey(people: People): () => Promise<void> {
  const running: Array<Promise<unknown>> = [];
  const ownerId = people.ids.get('alice');
  const timer = setInterval(
    () => running.push(people.ask('POST', '/customers', 'manager', { name: `Keyless ${running.length}`, ownerId })),
    100,
  );
  return async () => {
    clearInterval(timer);
    await Promise.all(running);
  };
}

/** @returns seconds from the harm until the breaker of the copy opened, and from the healing until it closed */
async function breakAndHeal(
  cluster: Cluster,
  people: People,
  proxy: TcpProxy,
  weather: Parameters<TcpProxy['become']>[0],
  holdMs: number,
): Promise<{ open: number; close: number }> {
  const brokenAt = Date.now();
  proxy.become(weather);
  if (weather.refuse) proxy.resetAll();
  const openAt = await saidOfCopy(cluster, proxy, 'upstream is down', brokenAt, DEADLINE_MS + 5000);
  const open = people.now();
  await sleep(holdMs);
  const healed = people.now();
  const healedAt = Date.now();
  proxy.become({});
  const closedAt = await saidOfCopy(cluster, proxy, 'upstream is ready', healedAt, 10_000);
  const meanwhile = askedBetween(people, open, healed).filter(({ service }) => service === 'customer');
  const failed = meanwhile.filter(isFailure);
  mustHold(
    meanwhile.length > 0 && failed.length === 0,
    `the other copy serves while the breaker is open (${failed.length} of ${meanwhile.length} failed: ${JSON.stringify(failed.slice(0, 3))})`,
  );
  return { open: seconds(openAt - brokenAt), close: seconds(closedAt - healedAt) };
}

/** Waits for what the gateway says of a copy. @returns when it said so, in milliseconds of the wall clock */
async function saidOfCopy(
  cluster: Cluster,
  proxy: TcpProxy,
  message: string,
  since: number,
  withinMs: number,
): Promise<number> {
  let at = 0;
  await cluster.until(
    () => {
      const lines = cluster
        .log()
        .split('\n')
        .filter((line) => line.includes(message) && line.includes(`:${proxy.port}"`));
      at = Math.max(0, ...lines.map((line) => Date.parse((JSON.parse(line) as { time: string }).time)));
      return at >= since;
    },
    `the gateway does not say "${message}"`,
    withinMs,
  );
  return at;
}

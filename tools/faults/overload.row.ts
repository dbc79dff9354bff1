import { availableParallelism, getPriority, setPriority } from 'node:os';
import { median } from '../bench/figure.js';
import { p99 } from './answers.js';
import { type FaultRow, mustHold, seconds } from './fault-row.js';
import { admitted, Load, type Sample } from './open-load.js';

const RAMP_MS = 5000;
const CALM_MS = 10_000;
/** Whatever the clients take. */
const LEAST_SHARE = 0.5;

/** More than can be served. */
export const overloadRow: FaultRow = {
  number: 20,
  fault: 'three times as many requests as it can serve, then half as many',
  invariant: 'what is admitted is served nearly as fast as before, the rest is refused at once; it recovers within 5 s',
  storiesPerSecond: 0,
  async harm({ cluster, people, short }) {
    const load = new Load(cluster.url, people);
    const asBefore = getPriority();
    const health = watchHealth(cluster.url);
    try {
      askFromOutside();
      await load.closed(32, 5000);
      const times = short ? { peak: 4000, overload: 15_000, turns: 1 } : { peak: 10_000, overload: 20_000, turns: 3 };
      const clients = await clientsAtPeak(load, times.peak);
      const peaks = [await peakOf(load, clients, times.peak)];
      const overloads: Overload[] = [];
      for (let turn = 0; turn < times.turns; turn++) {
        overloads.push(await overloadOf(load, peaks[turn]!.perSecond, times.overload));
        peaks.push(await peakOf(load, clients, times.peak));
      }
      const ill = await health();
      // A shared machine is another one a minute later: each overload is judged by the peaks right before and after it.
      const turns = overloads.map((overload, turn) => judged(overload, peaks[turn]!, peaks[turn + 1]!));
      const of = (value: (turn: Turn) => number) => median(turns.map(value));
      const total = (value: (overload: Overload) => number) => overloads.reduce((sum, each) => sum + value(each), 0);
      const figures = {
        'peak, requests/s': peaks.map(({ perSecond }) => Math.round(perSecond)).join(', '),
        'goodput at 3×, requests/s': overloads.map(({ perSecond }) => Math.round(perSecond)).join(', '),
        'goodput of the peak, %': turns.map(({ plainShare }) => percent(plainShare)).join(', '),
        'processors taken by clients': `${mean(peaks.map(({ clients }) => clients)).toFixed(2)} → ${mean(overloads.map(({ clients }) => clients)).toFixed(2)} of ${availableParallelism()}`,
        'goodput of the peak, each by the processors that clients left, %': turns
          .map(({ share }) => percent(share))
          .join(', '),
        'p99 of the admitted, ms': turns.map(({ normal, p99Over }) => `${normal} → ${p99Over}`).join(', '),
        'p99 of the refused, ms': turns.map(({ p99OfRefused }) => p99OfRefused).join(', '),
        'refused / other answers or none, of': `${total(({ refused }) => refused)} / ${total(({ others }) => others)}, ${total(({ asked }) => asked)}`,
        'recovery, s': turns.map(({ recovered }) => seconds(recovered)).join(', '),
      };
      const said = JSON.stringify(figures);
      mustHold(
        of(({ share }) => share) >= 0.85,
        `goodput stays at 85 % of the peak, by the processors that the clients leave: ${said}`,
      );
      mustHold(
        turns.every(({ plainShare }) => plainShare >= LEAST_SHARE),
        `no turn has less than half of its peak: ${said}`,
      );
      mustHold(of(({ kept }) => kept) >= 0.85, `the peak after it is that before it: ${said}`);
      mustHold(
        of(({ normal, p99Over }) => p99Over / normal) <= 2,
        `the admitted are served within twice their p99: ${said}`,
      );
      mustHold(
        of(({ normal, p99OfRefused }) => p99OfRefused / normal) <= 2,
        `who is refused hears it within that time: ${said}`,
      );
      mustHold(total(({ others }) => others) === 0, `everybody is served or refused: ${said}`);
      mustHold(
        turns.every(({ recovered }) => recovered <= 5000),
        `it recovers within 5 s: ${said}`,
      );
      mustHold(ill === 0, `health is never shed (${ill} times it was): ${said}`);
      return figures;
    } finally {
      await health();
      setPriority(asBefore);
      await load.close();
    }
  },
};

interface Peak {
  readonly perSecond: number;
  readonly p99: number;
  /** Processors that the clients took. */
  readonly clients: number;
}

interface Overload extends Peak {
  readonly asked: number;
  readonly refused: number;
  readonly p99OfRefused: number;
  /** Neither served nor refused; no answer is among them. */
  readonly others: number;
  /** What was asked in the calm after it, in milliseconds since its end. */
  readonly after: readonly Sample[];
}

interface Turn {
  /** Goodput of the mean of the two peaks. */
  readonly plainShare: number;
  /** The same, each by the processors that the clients left: they have machines of their own, here they take the more the more they ask. */
  readonly share: number;
  /** The peak after it of that before it, so that a lasting harm does not lower what it is judged by. */
  readonly kept: number;
  readonly normal: number;
  readonly p99Over: number;
  readonly p99OfRefused: number;
  readonly recovered: number;
}

/** How many clients get the most answers a second. */
async function clientsAtPeak(load: Load, milliseconds: number): Promise<number> {
  let best = { clients: 0, perSecond: 0 };
  for (const clients of [16, 32, 64]) {
    const { perSecond } = await peakOf(load, clients, milliseconds);
    if (perSecond > best.perSecond) best = { clients, perSecond };
  }
  return best.clients;
}

async function peakOf(load: Load, clients: number, milliseconds: number): Promise<Peak> {
  const taken = clientsTake();
  const served = admitted(await load.closed(clients, milliseconds));
  return { perSecond: (served.length * 1000) / milliseconds, p99: p99(served), clients: taken() };
}

async function overloadOf(load: Load, capacity: number, milliseconds: number): Promise<Overload> {
  let taken = clientsTake();
  let clients = 0;
  const samples = await load.open([
    // Clients do not all come in the same second: their connections are made before it is measured.
    { perSecond: 2 * capacity, milliseconds: RAMP_MS, ended: () => (taken = clientsTake()) },
    { perSecond: 3 * capacity, milliseconds, ended: () => (clients = taken()) },
    { perSecond: capacity / 2, milliseconds: CALM_MS },
  ]);
  const end = RAMP_MS + milliseconds;
  const over = samples.filter(({ at }) => at >= RAMP_MS && at < end);
  const served = admitted(over);
  // What was asked in the overload may come late; only what is answered in it is goodput.
  const inTime = served.filter(({ at, ms }) => at + ms <= end);
  const refused = over.filter(({ status }) => status === 503 || status === 429);
  return {
    perSecond: (inTime.length * 1000) / milliseconds,
    p99: p99(served),
    clients,
    asked: over.length,
    refused: refused.length,
    p99OfRefused: p99(refused),
    others: over.length - served.length - refused.length,
    after: samples.filter(({ at }) => at >= end).map((sample) => ({ ...sample, at: sample.at - end })),
  };
}

/** @returns tells how many processors this process, which is the clients, has taken since */
function clientsTake(): () => number {
  const before = process.cpuUsage();
  const begun = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / (performance.now() - begun);
  };
}

const percent = (share: number): number => Math.round(100 * share);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function judged(overload: Overload, before: Peak, after: Peak): Turn {
  const normal = Math.round((before.p99 + after.p99) / 2);
  const rate = ({ perSecond, clients }: Peak) => perSecond / (availableParallelism() - clients);
  return {
    plainShare: overload.perSecond / mean([before.perSecond, after.perSecond]),
    kept: after.perSecond / before.perSecond,
    share: rate(overload) / mean([rate(before), rate(after)]),
    normal,
    p99Over: overload.p99,
    p99OfRefused: overload.p99OfRefused,
    recovered: lastBad(overload.after, 2 * normal),
  };
}

/** Clients have machines of their own; here they would be measured waiting for the processor, where that may be changed. */
function askFromOutside(): void {
  try {
    setPriority(-5);
  } catch (error) {
    const { info } = error as { info?: { code?: string } };
    if (info?.code !== 'EACCES' && info?.code !== 'EPERM') throw error;
  }
}

/** When the last answer was refused or slower than `limitMs`, one in a hundred aside; 0: never. */
function lastBad(samples: readonly Sample[], limitMs: number): number {
  const inOrder = [...samples].sort((a, b) => b.at - a.at);
  let bad = 0;
  for (const [index, { at, ms, status }] of inOrder.entries()) {
    if (status < 200 || status >= 300 || ms > limitMs) bad += 1;
    if (bad > 5 && bad > (index + 1) / 100) return at;
  }
  return 0;
}

/** Asks whether the gateway lives and is ready, ten times a second. @returns stops it, also again, and says how often it was not */
function watchHealth(url: string): () => Promise<number> {
  const asked: Array<Promise<boolean>> = [];
  const timer = setInterval(() => {
    for (const probe of ['live', 'ready'])
      asked.push(
        fetch(`${url}/health/${probe}`, { signal: AbortSignal.timeout(5000) })
          .then(async (answer) => {
            await answer.body?.cancel();
            return answer.ok;
          })
          .catch(() => false),
      );
  }, 100);
  return async () => {
    clearInterval(timer);
    return (await Promise.all(asked)).filter((ok) => !ok).length;
  };
}

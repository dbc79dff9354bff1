import { getPriority, setPriority } from 'node:os';
import { p99 } from './answers.js';
import { type FaultRow, mustHold, seconds } from './fault-row.js';
import { admitted, Load, type Sample } from './open-load.js';

/** More than can be served. */
export const overloadRow: FaultRow = {
  number: 20,
  fault: 'three times as many requests as it can serve, then half as many',
  invariant: 'what is admitted is served nearly as fast as before, the rest is refused at once; it recovers within 5 s',
  storiesPerSecond: 0,
  async harm({ cluster, people, short }) {
    const load = new Load(cluster.url, people);
    const asBefore = getPriority();
    try {
      askFromOutside();
      await load.closed(32, 5000);
      const measured = short ? 4000 : 10_000;
      const steps = [];
      for (const clients of [16, 32, 64]) steps.push(admitted(await load.closed(clients, measured)));
      const peak = steps.reduce((best, step) => (step.length > best.length ? step : best));
      const capacity = (peak.length * 1000) / measured;
      const overload = short ? 15_000 : 60_000;
      // Clients do not all come in the same second: their connections are made before it is measured.
      const ramp = 5000;
      const health = watchHealth(cluster.url);
      const samples = await load.open([
        { perSecond: 2 * capacity, milliseconds: ramp },
        { perSecond: 3 * capacity, milliseconds: overload },
        { perSecond: capacity / 2, milliseconds: 10_000 },
      ]);
      const end = ramp + overload;
      const ill = await health();
      const over = samples.filter(({ at }) => at >= ramp && at < end);
      const after = samples.filter(({ at }) => at >= end);
      // What was asked in the overload may come late; only what is answered in it is goodput.
      const served = admitted(over).filter(({ at, ms }) => at + ms <= end);
      const goodput = (served.length * 1000) / overload;
      const normal = p99(peak);
      const sheds = over.filter(({ status }) => status === 503 || status === 429).length;
      const recovered = Math.max(0, lastBad(after, 2 * normal) - end);
      const figures = {
        'capacity, requests/s': Math.round(capacity),
        'goodput at 3×, requests/s': Math.round(goodput),
        'p99 of the admitted, ms': `${normal} → ${p99(admitted(over))}`,
        'refused / no answer, of': `${sheds} / ${over.filter(({ status }) => status === 0).length}, ${over.length}`,
        'recovery, s': seconds(recovered),
      };
      const said = JSON.stringify(figures);
      mustHold(goodput >= 0.85 * capacity, `goodput stays at 85 % of the peak: ${said}`);
      mustHold(p99(admitted(over)) <= 2 * normal, `the admitted are served within twice their p99: ${said}`);
      mustHold(recovered <= 5000, `it recovers within 5 s: ${said}`);
      mustHold(ill === 0, `health is never shed (${ill} times it was): ${said}`);
      return figures;
    } finally {
      setPriority(asBefore);
      await load.close();
    }
  },
};

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

/** Asks whether the gateway lives and is ready, ten times a second. @returns stops it and says how often it was not */
function watchHealth(url: string): () => Promise<number> {
  const asked: Array<Promise<boolean>> = [];
  const timer = setInterval(() => {
    for (const probe of ['live', 'ready'])
      asked.push(
        fetch(`${url}/health/${probe}`, { signal: AbortSignal.timeout(5000) }).then(
          async (answer) => {
            await answer.body?.cancel();
            return answer.ok;
          },
          () => false,
        ),
      );
  }, 100);
  return async () => {
    clearInterval(timer);
    return (await Promise.all(asked)).filter((ok) => !ok).length;
  };
}

import { percentile } from '../bench/figure.js';
import type { Cluster } from './cluster.js';
import { mustHold } from './fault-row.js';
import type { Answer } from './history.js';
import type { People } from './people.js';

export const isFailure = ({ status }: Answer): boolean => status === 0 || status >= 500;
const isWrite = ({ method }: Answer): boolean => method !== 'GET';

/** Answers to what was asked in a time, in milliseconds of the people's clock. */
export const askedBetween = (people: People, from: number, to = Number.POSITIVE_INFINITY): Answer[] =>
  people.answers.filter(({ at }) => at >= from && at < to);

/** Milliseconds. */
export const p99 = (answers: ReadonlyArray<{ readonly ms: number }>): number =>
  Math.round(
    percentile(
      answers.map(({ ms }) => ms),
      0.99,
    ),
  );

/** @throws when one of those asked since `from` had no answer or a 5xx */
export function noRequestMayFail(people: People, from: number): void {
  const asked = askedBetween(people, from);
  const failed = asked.filter(isFailure);
  mustHold(
    failed.length === 0,
    `no request fails (${failed.length} of ${asked.length} did: ${JSON.stringify(failed.slice(0, 3))})`,
  );
}

/** Every service at its ease for this long counts as healed. */
const CALM_MS = 1500;

/** Waits until writes succeed again. @returns the longest time without a successful one since `from`, in milliseconds */
export async function longestSilence(
  cluster: Cluster,
  people: People,
  from: number,
  withinMs: number,
): Promise<number> {
  await cluster.until(
    () => {
      const since = Math.max(from, people.now() - CALM_MS);
      const last = people.answers.filter((answer) => isWrite(answer) && answer.at + answer.ms > since);
      const failed = last.filter(isFailure);
      if (failed.length > 0)
        throw new Error(`${failed.length} of the last ${last.length}: ${JSON.stringify(failed[0])}`);
      return people.now() > from + CALM_MS && last.length >= 10;
    },
    'writes do not succeed again',
    withinMs,
  );
  const ends = people.answers.filter((answer) => isWrite(answer) && !isFailure(answer)).map(({ at, ms }) => at + ms);
  const after = ends.filter((end) => end > from).sort((a, b) => a - b);
  return Math.max(...after.map((end, index) => end - (after[index - 1] ?? from)));
}

const FLOOR_MS = 50;

/**
 * What is asked of one service costs the others nothing: their p99 stays below twice what it was, or 50 ms above it where that is more.
 * @returns p99 before and during, in milliseconds
 */
export function othersMustBeUnaffected(
  before: readonly Answer[],
  during: readonly Answer[],
  sick: string,
): Record<string, string> {
  const services = new Set(before.map(({ service }) => service).filter((service) => service !== sick));
  const figures: Record<string, string> = {};
  for (const name of services) {
    const of = (answers: readonly Answer[]) => answers.filter(({ service }) => service === name);
    const [was, is] = [p99(of(before)), p99(of(during))];
    figures[`p99 of ${name}, ms`] = `${was} → ${is} (${of(during).length} requests)`;
    mustHold(!of(during).some(isFailure), `no request to ${name} fails (${of(during).filter(isFailure).length} did)`);
    mustHold(
      is <= Math.max(2 * was, was + FLOOR_MS),
      `the p99 of ${name} stays below twice what it was (${was} → ${is} ms)`,
    );
  }
  return figures;
}

/** Asks every service for something to read, so many times a second each, until stopped. */
export function readEverywhere(people: People, perSecond: number): () => Promise<void> {
  const paths = [
    '/opportunities?limit=20',
    '/customers?limit=20',
    '/tickets?limit=20',
    '/users?limit=20',
    '/reports/customer-contribution',
  ];
  const running = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    for (const path of paths) {
      const asked = people.ask('GET', path, 'manager').finally(() => running.delete(asked));
      running.add(asked);
    }
  }, 1000 / perSecond);
  return async () => {
    clearInterval(timer);
    await Promise.all(running);
  };
}

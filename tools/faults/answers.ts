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
export const noRequestMayFail = (people: People, from: number): void => noneMayFail(askedBetween(people, from));

function noneMayFail(asked: readonly Answer[], which = ''): void {
  const failed = asked.filter(isFailure);
  mustHold(
    failed.length === 0,
    `no request ${which}fails (${failed.length} of ${asked.length} did: ${JSON.stringify(failed.slice(0, 3))})`,
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
const HUNDRED = 100;

/**
 * Milliseconds: of the p99 of each hundred that were asked one after the other the second worst, the worst where there are two or one:
 * a pause of a machine that is shared is in one of them.
 */
function usualP99(answers: readonly Answer[]): number {
  const inOrder = [...answers].sort((a, b) => a.at - b.at);
  const count = Math.max(1, Math.floor(inOrder.length / HUNDRED));
  const each = Array.from({ length: count }, (_, index) =>
    p99(inOrder.slice(index * HUNDRED, index === count - 1 ? undefined : (index + 1) * HUNDRED)),
  ).sort((a, b) => b - a);
  return each[count > 2 ? 1 : 0]!;
}

/**
 * What is asked of one service costs the others nothing: their usual p99 stays below twice what it was, or 50 ms above it where that is more.
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
    const [was, is] = [usualP99(of(before)), usualP99(of(during))];
    figures[`p99 of ${name}, ms`] = `${was} → ${is} (${of(during).length} requests)`;
    noneMayFail(of(during), `to ${name} `);
    mustHold(
      is <= Math.max(2 * was, was + FLOOR_MS),
      `the usual p99 of ${name} stays below twice what it was (${was} → ${is} ms)`,
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

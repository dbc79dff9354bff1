import type { Figure } from './figure.js';

/** What it may cost: processor time beside that of the floor, at most; or throughput beside that of the floor, at least. */
type Limit = { readonly cpu: number } | { readonly ratio: number };

/**
 * About twice what is measured in short rounds, so that a busy machine does not break them and a lost index, a second
 * query or a lost batch does. No wall time alone: a ratio within one run.
 */
const LIMITS: Readonly<Record<string, Limit>> = {
  'customer by id': { cpu: 8 },
  'list, newest 50': { cpu: 5 },
  'list, two filters': { cpu: 10 },
  'search, two characters': { cpu: 5 },
  create: { cpu: 35 },
  'outbox relay, sustained': { ratio: 0.4 },
  'marketing applies UserCreated, UserUpdated': { ratio: 0.4 },
  'customer applies UserCreated, UserUpdated': { ratio: 0.3 },
  'service applies CustomerCreated, CustomerUpdated': { ratio: 0.3 },
  'reporting applies CustomerCreated, CustomerUpdated': { ratio: 0.3 },
  'reporting applies OrderRecorded': { ratio: 0.4 },
  'orders over REST, as fast as they go': { ratio: 0.08 },
  'orders over NATS, as fast as they go': { ratio: 0.08 },
  'import of customers alone': { ratio: 0.08 },
  'import of customers with a contact each': { ratio: 0.06 },
};

/** @returns a sentence for each figure that is far from what it was */
export function regressions(figures: readonly Figure[]): string[] {
  return figures.flatMap(({ work, conditions, ratio = 0, cpuMs = 0, floorCpuMs = 0 }) => {
    const limit = LIMITS[work];
    if (!limit) return [];
    const where = `${work} (${conditions.start ?? conditions.service})`;
    if ('ratio' in limit) return ratio >= limit.ratio ? [] : [`${where}: ${ratio} of the floor, not ${limit.ratio}`];
    const times = cpuMs / floorCpuMs;
    return times <= limit.cpu ? [] : [`${where}: ${times.toFixed(1)} times the floor's CPU, not ${limit.cpu}`];
  });
}

import type { Operation } from './history.js';
import type { Observation } from './observation.js';

export interface Violation {
  readonly rule: string;
  readonly count: number;
  readonly examples: readonly string[];
}

export interface Expectation {
  /** Records whose events were spoilt on purpose: their dead letters are explained, what stands behind them waits. */
  readonly spoilt?: ReadonlySet<string>;
}

const MADE_AS = {
  opportunity: 'opportunities',
  customer: 'customers',
  contact: 'contacts',
  ticket: 'tickets',
} as const;

/** What must hold when all has come to rest, whatever happened before (reliability: promises 1 to 4). Empty when all of it does. */
export function check(seen: Observation, { spoilt = new Set() }: Expectation = {}): Violation[] {
  const found = new Map<string, string[]>();
  const violated = (rule: string, example: string) => found.set(rule, [...(found.get(rule) ?? []), example]);
  writesAreThereOnce(seen, violated);
  winsAreWhole(seen, violated);
  lastWriteStands(seen, violated);
  ordersStandAtANewestVersion(seen, violated);
  for (const [service, count] of Object.entries(seen.unpublished))
    if (count > 0) violated('the outbox is empty', `${service}: ${count} events`);
  for (const [record, number] of seen.numbers)
    if (number < 0) violated("a record's events are numbered without a gap", record);
  for (const { consumer, record, at, due } of seen.positions)
    if (at !== due && !spoilt.has(record))
      violated('every consumer has every event', `${consumer} ${record}: ${at} of ${due}`);
  consumersStepForward(seen, violated);
  for (const { place, record, times, events } of seen.effects)
    if (times !== events && !spoilt.has(record))
      violated(
        times > events ? 'no event has its effect twice' : 'every event has its effect',
        `${place} ${record}: ${times} effects of ${events} events`,
      );
  if (seen.usurpedMarks > 0) violated('only the relay that rules marks events', `${seen.usurpedMarks} rows`);
  for (const { service, record, status, error } of seen.deadLetters)
    if (!spoilt.has(record)) violated('no dead letter without a reason', `${service} ${record} ${status}: ${error}`);
  for (const { name, original, copy } of seen.copies) copiesAreEqual(name, original, copy, spoilt, violated);
  return [...found].map(([rule, examples]) => ({ rule, count: examples.length, examples: examples.slice(0, 5) }));
}

type Violated = (rule: string, example: string) => void;

/** Done: there exactly once. Refused: not there. Unknown: there once or not at all. */
function writesAreThereOnce({ history, read }: Observation, violated: Violated): void {
  for (const [kind, list] of Object.entries(MADE_AS)) {
    const times = countBy(read[list].map(({ marker }) => marker));
    for (const { marker, outcome } of history.filter((operation) => operation.kind === kind)) {
      const there = times.get(marker) ?? 0;
      if (there > 1) violated('no write is there twice', `${marker}: ${there} times`);
      else if (outcome === 'ok' && there === 0) violated('no acknowledged write is lost', marker);
      else if (outcome === 'failed' && there > 0) violated('no refused write is there', marker);
    }
  }
}

/** MKT-6: a won opportunity has exactly one customer with its contact, one that is not won has none. */
function winsAreWhole({ history, read }: Observation, violated: Violated): void {
  const customers = countBy(read.customers.map(({ marker }) => marker));
  const wins = new Map(history.filter(({ kind }) => kind === 'win').map((win) => [win.marker, win]));
  const contacts = countBy(read.contacts.map(({ customerId }) => customerId as string));
  const idOf = new Map(read.customers.map(({ marker, id }) => [marker, id]));
  for (const { marker, status } of read.opportunities) {
    const made = customers.get(marker) ?? 0;
    const win = wins.get(marker);
    if (win?.outcome === 'ok' && status !== 'won') violated('no acknowledged write is lost', `win of ${marker}`);
    if ((win?.outcome ?? 'failed') === 'failed' && status === 'won')
      violated('no refused write is there', `win of ${marker}`);
    if (made !== (status === 'won' ? 1 : 0))
      violated('a win makes exactly one customer', `${marker}, ${String(status)}: ${made}`);
    if (made === 1 && contacts.get(idOf.get(marker)!) !== 1)
      violated('a win makes exactly one customer', `${marker} without its contact`);
  }
}

/** The updates of one record come one after the other: the last that was done stands, or one of unknown end after it. */
function lastWriteStands({ history, read }: Observation, violated: Violated): void {
  const updates = new Map<string, Operation[]>();
  for (const operation of history)
    if (operation.kind === 'update') updates.set(operation.of!, [...(updates.get(operation.of!) ?? []), operation]);
  const customers = new Map(read.customers.map((customer) => [customer.marker, customer]));
  for (const [marker, ofOne] of updates) {
    const inOrder = ofOne.sort((a, b) => a.invokedAt - b.invokedAt);
    const lastDone = inOrder.findLastIndex(({ outcome }) => outcome === 'ok');
    const possible: unknown[] = inOrder
      .slice(Math.max(0, lastDone))
      .filter(({ outcome }) => outcome !== 'failed')
      .map(({ value }) => value);
    if (lastDone < 0) possible.push(null, undefined);
    const stands = customers.get(marker)?.remarks;
    // One of unknown end may also be done late, after a later one that was.
    const late = inOrder.some(({ outcome, value }) => outcome === 'unknown' && value === stands);
    if (!possible.includes(stands) && !late)
      violated('no acknowledged write is lost', `${marker} says "${String(stands)}"`);
  }
}

/** FEED: each order once, at a version no older than the newest that was acknowledged. Its one line's quantity is its version. */
function ordersStandAtANewestVersion({ history, read }: Observation, violated: Violated): void {
  const done = new Map<string, number>();
  const sent = new Map<string, number>();
  for (const { kind, value, outcome } of history) {
    if (kind !== 'orders' || outcome === 'failed') continue;
    for (const [key, version] of JSON.parse(value!) as Array<[string, number]>) {
      sent.set(key, Math.max(version, sent.get(key) ?? 0));
      if (outcome === 'ok') done.set(key, Math.max(version, done.get(key) ?? 0));
    }
  }
  const times = countBy(read.orders.map(({ marker }) => marker));
  for (const [key, count] of times) if (count > 1) violated('no write is there twice', `order ${key}: ${count} times`);
  const standsAt = new Map(read.orders.map(({ marker, total }) => [marker, Number(total) / 10]));
  for (const [key, version] of done) {
    const stands = standsAt.get(key) ?? 0;
    if (stands < version) violated('no acknowledged write is lost', `order ${key} stands at ${stands} of ${version}`);
  }
  for (const [key, stands] of standsAt)
    if (stands > (sent.get(key) ?? 0)) violated('no refused write is there', `order ${key} stands at ${stands}`);
}

function consumersStepForward({ steps }: Observation, violated: Violated): void {
  const last = new Map<string, number>();
  for (const { consumer, record, before, after } of steps) {
    const key = `${consumer} ${record}`;
    const known = last.get(key);
    if (after <= before || (known !== undefined && before !== known))
      violated(
        "a consumer takes a record's events in order",
        `${key}: from ${before} to ${after}, was at ${known ?? 'nothing'}`,
      );
    last.set(key, after);
  }
}

function copiesAreEqual(
  name: string,
  original: readonly string[],
  copy: readonly string[],
  spoilt: ReadonlySet<string>,
  violated: Violated,
): void {
  const explained = (row: string) => [...spoilt].some((record) => row.includes(record));
  const inCopy = new Set(copy);
  const inOriginal = new Set(original);
  for (const row of original)
    if (!inCopy.has(row) && !explained(row)) violated('every copy equals its original', `${name} lacks ${row}`);
  for (const row of copy)
    if (!inOriginal.has(row) && !explained(row)) violated('every copy equals its original', `${name} has ${row}`);
  if (copy.length !== inCopy.size) violated('every copy equals its original', `${name} has a row twice`);
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

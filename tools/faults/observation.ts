import { consumersOf, SERVICES } from '#contracts';
import type { Cluster } from './cluster.js';
import type { Operation } from './history.js';
import type { People } from './people.js';
import { KEPT_TABLES } from './recorder.js';

/** A record as a client reads it, by its marker. */
interface ReadRecord {
  readonly marker: string;
  readonly id: string;
  readonly [field: string]: unknown;
}

/** All that is there when the faults are over and everything has come to rest. */
export interface Observation {
  readonly history: readonly Operation[];
  /** What a client reads through the gateway. */
  readonly read: Readonly<
    Record<'opportunities' | 'customers' | 'contacts' | 'tickets' | 'orders', readonly ReadRecord[]>
  >;
  /** Events that no broker has acknowledged yet, by service. */
  readonly unpublished: Readonly<Record<string, number>>;
  /** The last number of each record's events, by `<service> <aggregate> <id>`. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Where each consumer stands with each record, by `<consumer> <id>`; what it should stand at. */
  readonly positions: ReadonlyArray<{ consumer: string; record: string; at: number; due: number }>;
  /** Each step of each consumer, in the order in which it happened. */
  readonly steps: ReadonlyArray<{ consumer: string; record: string; before: number; after: number }>;
  /** How often an event had its effect on a kept row, and how many such events the row's record has. */
  readonly effects: ReadonlyArray<{ place: string; record: string; times: number; events: number }>;
  /** Rows that a relay marked as published while another one ruled. */
  readonly usurpedMarks: number;
  readonly deadLetters: ReadonlyArray<{ service: string; record: string; status: string; error: string | null }>;
  /** What a service knows of another's data beside the original, each row as text. */
  readonly copies: ReadonlyArray<{ name: string; original: readonly string[]; copy: readonly string[] }>;
}

interface Copy {
  readonly name: string;
  readonly original: string;
  readonly copy: string;
}

const people = `SELECT id, username, display_name, status, roles FROM`;
const dictionary = `SELECT id, type, code, label_zh, label_en, sort_order, active, editable, parent, removed FROM`;
/** Each projection and local copy, and the query of its owner's tables that gives the same rows. */
const COPIES: readonly Copy[] = [
  ...['marketing', 'customer', 'service'].map((service) => ({
    name: `people in ${service}`,
    original: `${people} auth.users`,
    copy: `${people} ${service}.person`,
  })),
  ...['marketing', 'service'].map((service) => ({
    name: `dictionary in ${service}`,
    original: `${dictionary} customer.dictionary_entry`,
    copy: `${dictionary} ${service}.dictionary_entry`,
  })),
  {
    name: 'customers in service',
    original: `SELECT id, name, deleted_at IS NOT NULL AS deleted FROM customer.customer`,
    copy: `SELECT id, name, deleted FROM service.customer`,
  },
  {
    name: 'contacts in service',
    original: `SELECT id, customer_id FROM customer.contact`,
    copy: `SELECT id, customer_id FROM service.contact`,
  },
  {
    name: 'customers in reporting',
    original: `SELECT id, name, owner_id, deleted_at IS NOT NULL AS deleted FROM customer.customer`,
    copy: `SELECT id, name, owner_id, deleted FROM reporting.customer`,
  },
  {
    name: 'orders in reporting',
    original: `SELECT id, key, customer_id, extract(year FROM date)::int AS year, currency, total AS amount, status <> 'cancelled' AS counted FROM customer.sales_order`,
    copy: `SELECT id, key, customer_id, year, currency, amount, counted FROM reporting.customer_order`,
  },
  {
    name: 'contribution in reporting',
    original: `SELECT customer_id, year, currency, sum(total)::numeric(27,4) AS amount, count(*)::int AS orders
      FROM (SELECT customer_id, currency, total, unnest(ARRAY[extract(year FROM date)::int, 0]) AS year FROM customer.sales_order
             WHERE status <> 'cancelled' AND customer_id IS NOT NULL) o GROUP BY customer_id, year, currency`,
    copy: `SELECT customer_id, year, currency, amount, orders FROM reporting.contribution WHERE orders > 0`,
  },
  {
    name: 'customers of won opportunities in marketing',
    original: `SELECT source_opportunity_id AS opportunity_id, id AS customer_id FROM customer.customer WHERE source_opportunity_id IS NOT NULL`,
    copy: `SELECT id AS opportunity_id, customer_id FROM marketing.opportunity WHERE status = 'won'`,
  },
];

const rows = async (cluster: Cluster, sql: string): Promise<string[]> =>
  (await cluster.query<{ row: string }>(`SELECT to_json(r)::text AS row FROM (${sql}) r ORDER BY 1`)).map(
    ({ row }) => row,
  );

/** How many events of these services' outboxes meet a condition; without one, those that no broker has acknowledged. */
export async function countEvents(
  cluster: Cluster,
  services: readonly string[] = SERVICES,
  condition = 'published_at IS NULL',
): Promise<number> {
  const parts = services.map((service) => `(SELECT count(*) FROM ${service}.outbox WHERE ${condition})`);
  const [row] = await cluster.query<{ count: number }>(`SELECT (${parts.join(' + ')})::int AS count`);
  return row!.count;
}

/** Waits until nothing is on the way any more. @throws when that does not come about in time */
export async function comeToRest(
  cluster: Cluster,
  { withinMs = 120_000, spoilt = new Set() }: { withinMs?: number; spoilt?: ReadonlySet<string> } = {},
): Promise<void> {
  await cluster.until(
    async () => {
      for (const service of SERVICES) {
        const waiting = await countEvents(cluster, [service]);
        if (waiting > 0) throw new Error(`${waiting} events of ${service} are unpublished`);
      }
      const behind = (await positions(cluster)).filter(({ at, due, record }) => at < due && !spoilt.has(record));
      if (behind.length > 0) throw new Error(`${behind[0]!.consumer} lacks events of ${behind.length} records`);
      return true;
    },
    'events are still on the way',
    withinMs,
  );
}

async function positions(cluster: Cluster): Promise<Array<Observation['positions'][number]>> {
  const found = [];
  for (const service of SERVICES)
    for (const { name, publisher, aggregate } of consumersOf(service))
      found.push(
        ...(await cluster.query<Observation['positions'][number]>(
          `SELECT $1 AS consumer, s.aggregate_id AS record, COALESCE(p.sequence, 0)::int AS at, s.sequence::int AS due
             FROM ${publisher}.event_sequence s LEFT JOIN ${service}.consumer_position p ON p.consumer = $1 AND p.aggregate_id = s.aggregate_id
              AND NOT p.blocked
            WHERE s.aggregate = $2`,
          [name, aggregate],
        )),
      );
  return found;
}

export async function observe(cluster: Cluster, reader: People, history: readonly Operation[]): Promise<Observation> {
  const unpublished: Record<string, number> = {};
  const numbers = new Map<string, number>();
  const deadLetters: Array<Observation['deadLetters'][number]> = [];
  for (const service of SERVICES) {
    unpublished[service] = await countEvents(cluster, [service]);
    const counted = await cluster.query<{
      aggregate: string;
      aggregate_id: string;
      last: number;
      events: number;
      counter: number;
    }>(
      `SELECT s.aggregate, s.aggregate_id, s.sequence::int AS counter, max(o.sequence)::int AS last, count(o.*)::int AS events
         FROM ${service}.event_sequence s LEFT JOIN ${service}.outbox o USING (aggregate, aggregate_id) GROUP BY 1, 2, 3`,
    );
    for (const { aggregate, aggregate_id, counter, last, events } of counted)
      numbers.set(`${service} ${aggregate} ${aggregate_id}`, counter === last && last === events ? counter : -1);
    const letters = await cluster.query<{ aggregate_id: string; status: string; error: string | null }>(
      `SELECT aggregate_id, status, error FROM ${service}.dead_letter WHERE status <> 'discarded'`,
    );
    deadLetters.push(...letters.map(({ aggregate_id, ...letter }) => ({ service, record: aggregate_id, ...letter })));
  }
  const effects = [];
  for (const { service, table, publisher, types } of KEPT_TABLES)
    effects.push(
      ...(await cluster.query<Observation['effects'][number]>(
        `SELECT $1 AS place, COALESCE(e.record, o.record) AS record, COALESCE(e.times, 0)::int AS times, COALESCE(o.events, 0)::int AS events
           FROM (SELECT record, count(*) AS times FROM recorder.effect WHERE place = $1 GROUP BY record) e
           FULL JOIN (SELECT aggregate_id AS record, count(*) AS events FROM ${publisher}.outbox WHERE type = ANY($2) GROUP BY aggregate_id) o
             ON o.record = e.record`,
        [`${service}.${table}`, types],
      )),
    );
  const copies = [];
  for (const { name, original, copy } of COPIES)
    copies.push({ name, original: await rows(cluster, original), copy: await rows(cluster, copy) });
  const [marks] = await cluster.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM recorder.mark WHERE usurped`,
  );
  return {
    history,
    read: await readAll(cluster, reader),
    unpublished,
    numbers,
    positions: await positions(cluster),
    steps: await cluster.query(`SELECT consumer, record, before::int, after::int FROM recorder.step ORDER BY id`),
    effects,
    usurpedMarks: marks!.count,
    deadLetters,
    copies,
  };
}

async function readAll(cluster: Cluster, reader: People): Promise<Observation['read']> {
  const marked = async (path: string, field: string): Promise<ReadRecord[]> =>
    (await reader.list<Record<string, unknown>>(path, 'manager')).map((item) => ({
      ...item,
      id: (item.id ?? item.key) as string,
      marker: item[field] as string,
    }));
  const contacts = await cluster.query<ReadRecord>(
    `SELECT id::text, name AS marker, customer_id::text AS "customerId" FROM customer.contact`,
  );
  return {
    opportunities: await marked('/opportunities', 'customerName'),
    customers: await marked('/customers', 'name'),
    contacts,
    tickets: await marked('/tickets', 'summary'),
    orders: await marked('/orders', 'key'),
  };
}

import { Id, type ListDefinition, type TimelineEntry } from '#contracts';
import { SYSTEM } from '../context/request-context.js';
import { copyRows } from './copy.js';
import type { ListPlan } from './list.js';
import type { Tx } from './tx.js';

/** A table of what happened to records, with `id` (made by the database), a column that names the record, `at`, `actor_id`, `act`, `details`. */
export interface History {
  readonly table: string;
  /** The column with the record's id. */
  readonly record: string;
}

export interface Act<A extends string = string> {
  readonly recordId: string;
  readonly act: A;
  readonly details?: object;
  /** ISO 8601; now, where it is not given. */
  readonly at?: string;
  /** Whoever acts in the transaction, where it is not given; null where nobody knows. */
  readonly actorId?: string | null;
}

/** What nobody asked for, and an event that nobody caused, has no actor. */
const actorOf = ({ actor }: Tx): string | null =>
  actor.id !== SYSTEM.id && Id.safeParse(actor.id).success ? actor.id : null;

/** Keeps who did what, in the transaction of the acts themselves. */
export async function recordActs(tx: Tx, { table, record }: History, acts: readonly Act[]): Promise<void> {
  if (acts.length === 0) return;
  const actor = actorOf(tx);
  await tx.query(
    `INSERT INTO ${table} (${record}, at, actor_id, act, details)
       SELECT id, coalesce(at, clock_timestamp()), actor_id, act, details
         FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::jsonb[])
              WITH ORDINALITY AS a (id, at, actor_id, act, details, place)
        ORDER BY place`,
    [
      acts.map(({ recordId }) => recordId),
      acts.map(({ at }) => at ?? null),
      acts.map(({ actorId }) => (actorId === undefined ? actor : actorId)),
      acts.map(({ act }) => act),
      acts.map(({ details }) => JSON.stringify(details ?? {})),
    ],
  );
}

/** The same for many acts at once; wait for it, and for other copies, before anything else. */
export async function copyActs(tx: Tx, { table, record }: History, acts: readonly Act[]): Promise<void> {
  const actor = actorOf(tx);
  const now = new Date().toISOString();
  await copyRows(
    tx.manager,
    table,
    [record, 'at', 'actor_id', 'act', 'details'],
    acts.map(({ recordId, at, actorId, act, details }) => [
      recordId,
      at ?? now,
      actorId === undefined ? actor : actorId,
      act,
      JSON.stringify(details ?? {}),
    ]),
  );
}

/** The list of what happened to a record. */
export const timelinePlan = (table: string, definition: ListDefinition): ListPlan<TimelineEntry> => ({
  definition,
  from: `${table} t`,
  select: 't.at, t.actor_id AS "actorId", t.act, t.details',
  columns: { at: 't.at', act: 't.act' },
});

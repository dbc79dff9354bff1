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
}

/** Keeps who did what, in the transaction of the acts themselves. */
export async function recordActs(tx: Tx, { table, record }: History, acts: readonly Act[]): Promise<void> {
  if (acts.length === 0) return;
  await tx.query(
    `INSERT INTO ${table} (${record}, at, actor_id, act, details)
       SELECT id, coalesce(at, clock_timestamp()), $1, act, details
         FROM unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::jsonb[]) WITH ORDINALITY AS a (id, at, act, details, place)
        ORDER BY place`,
    [
      // What nobody asked for, and an event that nobody caused, has no actor.
      tx.actor.id !== SYSTEM.id && Id.safeParse(tx.actor.id).success ? tx.actor.id : null,
      acts.map(({ recordId }) => recordId),
      acts.map(({ at }) => at ?? null),
      acts.map(({ act }) => act),
      acts.map(({ details }) => JSON.stringify(details ?? {})),
    ],
  );
}

/** The same for many acts at once; wait for it before anything else. */
export async function copyActs(tx: Tx, { table, record }: History, acts: readonly Act[]): Promise<void> {
  const actorId = Id.safeParse(tx.actor.id).success ? tx.actor.id : null;
  const now = new Date().toISOString();
  await copyRows(
    tx.manager,
    table,
    [record, 'at', 'actor_id', 'act', 'details'],
    acts.map(({ recordId, at, act, details }) => [recordId, at ?? now, actorId, act, JSON.stringify(details ?? {})]),
  );
}

/** The list of what happened to a record. */
export const timelinePlan = (table: string, definition: ListDefinition): ListPlan<TimelineEntry> => ({
  definition,
  from: `${table} t`,
  select: 't.at, t.actor_id AS "actorId", t.act, t.details',
  columns: { at: 't.at', act: 't.act' },
  view: ({ at, ...entry }: Omit<TimelineEntry, 'at'> & { at: Date }) => ({ ...entry, at: at.toISOString() }),
});

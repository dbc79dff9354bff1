import type { EntityManager } from 'typeorm';
import { runSql, together } from '../db/sql.js';
import { constraintOf, hasSqlState } from '../db/sql-state.js';

/** A message as it came from the stream. */
export interface Incoming {
  readonly streamSeq: number;
  readonly subject: string;
  readonly data: Uint8Array;
}

/**
 * What became of a message. `gap`: an earlier event of the record is missing, wait. `retry`: it failed, try again after `delayMs`.
 * `parked`: it is in the dead letters. All others are done.
 */
export type Outcome =
  | { readonly kind: 'applied' | 'duplicate' | 'parked' | 'gap' }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly error: unknown };

export interface Position {
  sequence: number;
  blocked: boolean;
  /** It has no row yet. */
  isNew?: boolean;
}

/** An event that can never be applied, however often it is tried. */
export class PermanentEventError extends Error {}

/** Locks the rows of these records, in one order everywhere, making those that are missing. */
export async function lockPositions(
  manager: EntityManager,
  consumer: string,
  subjects: string[],
): Promise<Map<string, Position>> {
  const ids = [...new Set(subjects)].sort();
  const inserted = runSql(
    manager,
    `INSERT INTO consumer_position (consumer, aggregate_id, sequence) SELECT $1, id, 0 FROM unnest($2::text[]) AS id ON CONFLICT DO NOTHING`,
    [consumer, ids],
  );
  const locked = runSql<{ aggregate_id: string; sequence: number; blocked: boolean }>(
    manager,
    `SELECT aggregate_id, sequence, blocked FROM consumer_position WHERE consumer = $1 AND aggregate_id = ANY($2) ORDER BY aggregate_id FOR UPDATE`,
    [consumer, ids],
  );
  const [rows] = await Promise.all([locked, inserted]);
  return new Map(rows.map((row) => [row.aggregate_id, { sequence: row.sequence, blocked: row.blocked }]));
}

/**
 * The same for the inbox, which makes the rows that are missing only when it saves them: one write instead of two for each new record.
 * Whoever works on a new record at the same time learns of it then, and its transaction fails (`isTakenPosition`).
 */
export async function lockKnownPositions(
  manager: EntityManager,
  consumer: string,
  subjects: string[],
): Promise<Map<string, Position>> {
  const ids = [...new Set(subjects)].sort();
  const rows = await runSql<{ aggregate_id: string; sequence: number; blocked: boolean }>(
    manager,
    `SELECT aggregate_id, sequence, blocked FROM consumer_position WHERE consumer = $1 AND aggregate_id = ANY($2) ORDER BY aggregate_id FOR UPDATE`,
    [consumer, ids],
  );
  const positions = new Map<string, Position>(ids.map((id) => [id, { sequence: 0, blocked: false, isNew: true }]));
  for (const row of rows) positions.set(row.aggregate_id, { sequence: row.sequence, blocked: row.blocked });
  return positions;
}

/** Another copy has made the row of a new record in the meantime: what it applied is a duplicate now. */
export const isTakenPosition = (error: unknown): boolean =>
  hasSqlState(error, '23505') && constraintOf(error) === 'consumer_position_pk';

export async function savePositions(
  manager: EntityManager,
  consumer: string,
  positions: ReadonlyMap<string, Position>,
): Promise<void> {
  const made = [...positions].filter(([, { isNew, sequence }]) => isNew && sequence > 0);
  const entries = [...positions].filter(([, { isNew }]) => !isNew);
  const inserted =
    made.length > 0 &&
    runSql(
      manager,
      `INSERT INTO consumer_position (consumer, aggregate_id, sequence)
         SELECT $1, id, sequence FROM unnest($2::text[], $3::bigint[]) AS p (id, sequence) ORDER BY id`,
      [consumer, made.map(([id]) => id), made.map(([, p]) => p.sequence)],
    );
  await together([inserted, entries.length > 0 && updatePositions(manager, consumer, entries)]);
}

async function updatePositions(
  manager: EntityManager,
  consumer: string,
  entries: ReadonlyArray<readonly [string, Position]>,
): Promise<void> {
  await runSql(
    manager,
    `UPDATE consumer_position p SET sequence = v.sequence, blocked = v.blocked
       FROM unnest($2::text[], $3::bigint[], $4::boolean[]) AS v (id, sequence, blocked)
      WHERE p.consumer = $1 AND p.aggregate_id = v.id AND (p.sequence, p.blocked) IS DISTINCT FROM (v.sequence, v.blocked)`,
    [consumer, entries.map(([id]) => id), entries.map(([, p]) => p.sequence), entries.map(([, p]) => p.blocked)],
  );
}

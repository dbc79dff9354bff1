import type { EntityManager } from 'typeorm';
import { runSql } from '../db/sql.js';

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

export async function savePositions(
  manager: EntityManager,
  consumer: string,
  positions: ReadonlyMap<string, Position>,
): Promise<void> {
  const entries = [...positions];
  await runSql(
    manager,
    `UPDATE consumer_position p SET sequence = v.sequence, blocked = v.blocked
       FROM unnest($2::text[], $3::bigint[], $4::boolean[]) AS v (id, sequence, blocked)
      WHERE p.consumer = $1 AND p.aggregate_id = v.id AND (p.sequence, p.blocked) IS DISTINCT FROM (v.sequence, v.blocked)`,
    [consumer, entries.map(([id]) => id), entries.map(([, p]) => p.sequence), entries.map(([, p]) => p.blocked)],
  );
}

import type { Envelope } from '#contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 } from 'uuid';
import { messageOf } from '../logging/error.serializer.js';
import { runSql } from '../db/sql.js';
import { isUnavailable } from '../db/sql-state.js';
import { type Incoming, lockPositions, type Outcome, PermanentEventError, savePositions } from './consumer-position.js';

const ATTEMPTS = 8;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;

const backOff = (attempt: number): number =>
  Math.round(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2));

/**
 * Counts the attempt where it outlives the process. A failure of the database is nobody's fault and counts for nothing;
 * an event that can never be applied, or failed too often, is parked: its record waits, all others go on.
 */
export async function recordFailure(
  dataSource: DataSource,
  consumer: string,
  envelope: Envelope,
  error: unknown,
): Promise<Outcome> {
  if (isUnavailable(error)) return { kind: 'retry', delayMs: backOff(3), error };
  return dataSource.transaction(async (manager): Promise<Outcome> => {
    const positions = await lockPositions(manager, consumer, [envelope.subject]);
    const position = positions.get(envelope.subject)!;
    if (envelope.sequence <= position.sequence) return { kind: 'duplicate' };
    const [row] = (await manager.query(
      `INSERT INTO dead_letter (id, consumer, aggregate_id, sequence, type, event, status, attempts, error)
         VALUES ($1, $2, $3, $4, $5, $6, 'retrying', 1, $7)
       ON CONFLICT (consumer, aggregate_id, sequence) DO UPDATE SET attempts = dead_letter.attempts + 1, error = excluded.error
       RETURNING attempts`,
      [v7(), consumer, envelope.subject, envelope.sequence, envelope.type, JSON.stringify(envelope), shownError(error)],
    )) as Array<{ attempts: number }>;
    const attempts = row!.attempts;
    if (attempts < ATTEMPTS && !(error instanceof PermanentEventError))
      return { kind: 'retry', delayMs: backOff(attempts), error };
    await manager.query(
      `UPDATE dead_letter SET status = 'dead' WHERE consumer = $1 AND aggregate_id = $2 AND sequence = $3`,
      [consumer, envelope.subject, envelope.sequence],
    );
    positions.set(envelope.subject, { ...position, blocked: true });
    await savePositions(manager, consumer, positions);
    return { kind: 'parked' };
  });
}

/** What an operator reads of it; values that PostgreSQL quotes stay out, as in the logs. */
export const shownError = (error: unknown): string =>
  `${error instanceof Error ? `${error.name}: ` : ''}${messageOf(error)}`.slice(0, 2000);

/**
 * An event of a record that is blocked: it waits in order behind the dead one.
 * @returns whether it is kept; false when one before it is missing, which then comes first
 */
export async function queueBehind(manager: EntityManager, consumer: string, envelope: Envelope): Promise<boolean> {
  const kept: unknown[] = await manager.query(
    `WITH queue AS (SELECT sequence FROM dead_letter WHERE consumer = $2 AND aggregate_id = $3 AND status IN ('dead', 'queued')),
          added AS (
            INSERT INTO dead_letter (id, consumer, aggregate_id, sequence, type, event, status)
              SELECT $1, $2, $3, $4, $5, $6, 'queued' WHERE EXISTS (SELECT 1 FROM queue WHERE sequence = $4::bigint - 1)
            ON CONFLICT DO NOTHING RETURNING 1)
     SELECT 1 FROM added UNION ALL SELECT 1 FROM queue WHERE sequence = $4::bigint`,
    [v7(), consumer, envelope.subject, envelope.sequence, envelope.type, JSON.stringify(envelope)],
  );
  return kept.length > 0;
}

/** A message that is no event at all: kept for the operator, it blocks nobody. */
export async function buryUnreadable(dataSource: DataSource, consumer: string, message: Incoming): Promise<void> {
  const event = { streamSeq: message.streamSeq, base64: Buffer.from(message.data).toString('base64') };
  await dataSource.query(
    `INSERT INTO dead_letter (id, consumer, aggregate_id, type, event, status, attempts, error)
       SELECT $1, $2, $3, $4, $5, 'dead', 1, 'not a readable CloudEvent of its subject'
        WHERE NOT EXISTS (SELECT 1 FROM dead_letter WHERE consumer = $2 AND aggregate_id = $3 AND sequence IS NULL)`,
    [v7(), consumer, `stream:${message.streamSeq}`, message.subject, JSON.stringify(event)],
  );
}

/** What failed at first and went in later needs no operator. */
export async function forgetRetries(
  manager: EntityManager,
  consumer: string,
  aggregateIds: readonly string[],
): Promise<void> {
  await runSql(
    manager,
    `DELETE FROM dead_letter d USING consumer_position p
      WHERE d.consumer = $1 AND d.aggregate_id = ANY($2) AND d.status <> 'discarded'
        AND p.consumer = d.consumer AND p.aggregate_id = d.aggregate_id AND d.sequence <= p.sequence`,
    [consumer, aggregateIds],
  );
}

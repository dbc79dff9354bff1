import type { NewEvent } from '#contracts';
import type { EntityManager } from 'typeorm';
import { v7 } from 'uuid';
import { copyRows } from '../db/copy.js';
import { runSql, together } from '../db/sql.js';

export interface PendingEvent extends NewEvent {
  readonly actorId: string;
  readonly traceparent?: string;
}

/**
 * Writes events beside the change they tell of. The counter row of each record is taken first, in one order everywhere,
 * so that the numbers of one record are committed in the order in which they are given.
 */
export async function writeOutbox(manager: EntityManager, events: readonly PendingEvent[]): Promise<void> {
  if (events.length === 0) return;
  await runSql(
    manager,
    `WITH event AS (
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::text[])
         WITH ORDINALITY AS e (event_id, aggregate, aggregate_id, type, data, actor_id, traceparent, place)),
     counter AS (
       INSERT INTO event_sequence AS s (aggregate, aggregate_id, sequence)
         SELECT aggregate, aggregate_id, count(*) FROM event GROUP BY aggregate, aggregate_id ORDER BY aggregate, aggregate_id
       ON CONFLICT (aggregate, aggregate_id) DO UPDATE SET sequence = s.sequence + excluded.sequence
       RETURNING aggregate, aggregate_id, sequence)
     INSERT INTO outbox (event_id, aggregate, aggregate_id, sequence, type, data, actor_id, traceparent)
       SELECT event_id, aggregate, aggregate_id, sequence - row_number() OVER (PARTITION BY aggregate, aggregate_id ORDER BY place DESC) + 1,
              type, data, actor_id, traceparent
         FROM event JOIN counter USING (aggregate, aggregate_id) ORDER BY place`,
    [
      events.map(() => v7()),
      events.map((e) => e.definition.aggregate),
      events.map((e) => e.aggregateId),
      events.map((e) => e.definition.type),
      events.map((e) => JSON.stringify(e.data)),
      events.map((e) => e.actorId),
      events.map((e) => e.traceparent ?? null),
    ],
  );
}

/** The same for the first events of new records, one of each: their number is known, and nobody else can be at their counters. */
export async function copyFirstEvents(manager: EntityManager, events: readonly PendingEvent[]): Promise<void> {
  await together([
    copyRows(
      manager,
      'event_sequence',
      ['aggregate', 'aggregate_id', 'sequence'],
      events.map(({ definition, aggregateId }) => [definition.aggregate, aggregateId, 1]),
    ),
    copyRows(
      manager,
      'outbox',
      ['event_id', 'aggregate', 'aggregate_id', 'sequence', 'type', 'data', 'actor_id', 'traceparent'],
      events.map(({ definition, aggregateId, data, actorId, traceparent }) => [
        v7(),
        definition.aggregate,
        aggregateId,
        1,
        definition.type,
        JSON.stringify(data),
        actorId,
        traceparent,
      ]),
    ),
  ]);
}

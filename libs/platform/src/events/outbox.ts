import type { NewEvent } from '#contracts';
import type { EntityManager } from 'typeorm';
import { v7 } from 'uuid';

export interface PendingEvent extends NewEvent {
  readonly actorId: string;
  readonly traceparent?: string;
}

interface Numbered {
  aggregate: string;
  aggregate_id: string;
  sequence: number;
}
const keyOf = (aggregate: string, id: string): string => `${aggregate}\n${id}`;

/**
 * Writes events beside the change they tell of. The counter row of each record is taken first, in one order everywhere,
 * so that the numbers of one record are committed in the order in which they are given.
 */
export async function writeOutbox(manager: EntityManager, events: readonly PendingEvent[]): Promise<void> {
  if (events.length === 0) return;
  const counts = new Map<string, { aggregate: string; id: string; count: number }>();
  for (const { definition, aggregateId } of events) {
    const key = keyOf(definition.aggregate, aggregateId);
    const entry = counts.get(key) ?? { aggregate: definition.aggregate, id: aggregateId, count: 0 };
    entry.count += 1;
    counts.set(key, entry);
  }
  const ordered = [...counts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  const rows: Numbered[] = await manager.query(
    `INSERT INTO event_sequence AS s (aggregate, aggregate_id, sequence)
       SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
     ON CONFLICT (aggregate, aggregate_id) DO UPDATE SET sequence = s.sequence + excluded.sequence
     RETURNING aggregate, aggregate_id, sequence`,
    [ordered.map((e) => e.aggregate), ordered.map((e) => e.id), ordered.map((e) => e.count)],
  );
  const next = new Map<string, number>();
  for (const row of rows) {
    const key = keyOf(row.aggregate, row.aggregate_id);
    next.set(key, row.sequence - counts.get(key)!.count + 1);
  }
  const sequences = events.map(({ definition, aggregateId }) => {
    const key = keyOf(definition.aggregate, aggregateId);
    const sequence = next.get(key)!;
    next.set(key, sequence + 1);
    return sequence;
  });
  await manager.query(
    `INSERT INTO outbox (event_id, aggregate, aggregate_id, sequence, type, data, actor_id, traceparent)
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::jsonb[], $7::text[], $8::text[])`,
    [
      events.map(() => v7()),
      events.map((e) => e.definition.aggregate),
      events.map((e) => e.aggregateId),
      sequences,
      events.map((e) => e.definition.type),
      events.map((e) => JSON.stringify(e.data)),
      events.map((e) => e.actorId),
      events.map((e) => e.traceparent ?? null),
    ],
  );
}

import type { Envelope } from '#contracts';
import type pg from 'pg';

export interface OutboxRow {
  readonly id: number;
  readonly event_id: string;
  readonly aggregate: string;
  readonly aggregate_id: string;
  readonly sequence: number;
  readonly type: string;
  /** JSON, passed on unread. */
  readonly data: string;
  readonly actor_id: string | null;
  readonly traceparent: string | null;
  readonly time: string;
}

const BATCH = 2000;
/** Of data as it is stored, perhaps compressed; one event more may go beyond it. */
const BATCH_BYTES = 2 * 1024 * 1024;
const MAY_GROW_BYTES = 1024 * 1024;

/**
 * The next events that are not published. Those in hand are left out by name: a lower number may be committed later than a higher
 * one, and reading on behind the highest could take a record's later event first.
 */
export async function readBatch(client: pg.Client, inHand: Iterable<number>): Promise<OutboxRow[]> {
  const { rows } = await client.query<OutboxRow>(
    `SELECT id, event_id, aggregate, aggregate_id, sequence, type, data::text AS data, actor_id, traceparent,
            to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time
       FROM (SELECT *, sum(pg_column_size(data)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - pg_column_size(data) AS before
               FROM outbox WHERE published_at IS NULL AND id <> ALL ($1::bigint[]) ORDER BY id LIMIT ${BATCH}) AS waiting
      WHERE before < ${BATCH_BYTES} ORDER BY id`,
    [[...inHand]],
  );
  return rows;
}

/** The events of each record, in their order; records in the order of their first event. */
export function lanesOf<T extends { aggregate: string; aggregate_id: string }>(rows: readonly T[]): T[][] {
  const lanes = new Map<string, T[]>();
  for (const row of rows) {
    const record = `${row.aggregate} ${row.aggregate_id}`;
    const lane = lanes.get(record);
    if (lane) lane.push(row);
    else lanes.set(record, [row]);
  }
  return [...lanes.values()];
}

/** The envelope as JSON, put together around the data. */
export function messageOf(service: string, row: OutboxRow): string {
  const head: Omit<Envelope, 'data'> = {
    specversion: '1.0',
    id: row.event_id,
    source: `/crm/${service}`,
    type: row.type,
    subject: row.aggregate_id,
    time: row.time,
    datacontenttype: 'application/json',
    sequence: row.sequence,
    ...(row.traceparent ? { traceparent: row.traceparent } : {}),
    ...(row.actor_id ? { actorid: row.actor_id } : {}),
  };
  // PostgreSQL writes blanks between the parts of jsonb; they must not push a big event over the broker's limit.
  const data = row.data.length < MAY_GROW_BYTES ? row.data : JSON.stringify(JSON.parse(row.data));
  return `${JSON.stringify(head).slice(0, -1)},"data":${data}}`;
}

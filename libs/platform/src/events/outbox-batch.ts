import type { ServiceName } from '#contracts';
import type pg from 'pg';

export interface OutboxRow {
  readonly id: number;
  readonly event_id: string;
  readonly type: string;
  /** The kind of record and its id. */
  readonly record: string;
  /** The envelope as JSON; its data may hold the blanks that PostgreSQL writes between the parts of jsonb. */
  readonly message: string;
}

const BATCH = 2000;
/** Of data as it is stored, perhaps compressed; one event more may go beyond it. */
const BATCH_BYTES = 2 * 1024 * 1024;
const MAY_GROW_BYTES = 1024 * 1024;

/**
 * The next events that are not published. Those in hand are left out by name: a lower number may be committed later than a higher
 * one, and reading on behind the highest could take a record's later event first.
 * A sub-select is looked up as a hash; an array that is a parameter is gone through for each row.
 * PostgreSQL puts the messages together: many short-lived strings for each event would keep this process at collecting garbage.
 */
export async function readBatch(
  client: pg.Client,
  service: ServiceName,
  inHand: Iterable<number>,
): Promise<OutboxRow[]> {
  const { rows } = await client.query<OutboxRow>({
    // By its name it is parsed and planned once, not a hundred times a second.
    name: 'relay-read',
    text: `SELECT id, event_id, type, aggregate || ' ' || aggregate_id AS record,
            concat('{"specversion":"1.0","id":"', event_id, '","source":"/crm/', $2::text, '","type":"', type,
                   '","subject":', to_json(aggregate_id),
                   ',"time":"', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                   '","datacontenttype":"application/json","sequence":', sequence,
                   ',"traceparent":' || to_json(traceparent)::text, ',"actorid":' || to_json(nullif(actor_id, ''))::text,
                   ',"data":', data, '}') AS message
       FROM (SELECT *, sum(pg_column_size(data)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - pg_column_size(data) AS before
               FROM outbox WHERE published_at IS NULL AND id NOT IN (SELECT unnest($1::bigint[])) ORDER BY id LIMIT ${BATCH}) AS waiting
      WHERE before < ${BATCH_BYTES} ORDER BY id`,
    values: [[...inHand], service],
  });
  return rows;
}

/** The events of each record, in their order; records in the order of their first event. */
export function lanesOf<T extends { readonly record: string }>(rows: readonly T[]): T[][] {
  const lanes = new Map<string, T[]>();
  for (const row of rows) {
    const lane = lanes.get(row.record);
    if (lane) lane.push(row);
    else lanes.set(row.record, [row]);
  }
  return [...lanes.values()];
}

/** What goes out: the blanks must not push a big event over the broker's limit. */
export const payloadOf = ({ message }: OutboxRow): string =>
  message.length < MAY_GROW_BYTES ? message : JSON.stringify(JSON.parse(message));

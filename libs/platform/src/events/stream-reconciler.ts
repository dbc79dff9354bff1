import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import type pg from 'pg';

interface Published {
  stream_seq: number;
  event_id: string;
}

/**
 * A broker can lose what it acknowledged (it does not fsync each message), and then gives the lost numbers to other events.
 * So it is not enough to compare numbers: the event at the place that was acknowledged must be ours.
 * Loss takes a tail, therefore the last place that is still ours is found by bisection, and all behind it goes out again.
 * @returns how many events were lost
 */
export async function republishLost(
  client: pg.Client,
  manager: JetStreamManager,
  stream: string,
  epoch: number,
): Promise<number> {
  const isOurs = async ({ stream_seq, event_id }: Published): Promise<boolean> =>
    (await eventIdAt(manager, stream, stream_seq)) === event_id;
  const at = async (order: string, condition = 'true', parameters: unknown[] = []): Promise<Published | undefined> =>
    (
      await client.query<Published>(
        `SELECT stream_seq, event_id FROM outbox WHERE stream_seq IS NOT NULL AND ${condition} ORDER BY stream_seq ${order} LIMIT 1`,
        parameters,
      )
    ).rows[0];

  const last = await at('DESC');
  if (!last || (await isOurs(last))) return 0;
  let low = 0;
  let high = last.stream_seq;
  while (low < high - 1) {
    const middle = Math.floor((low + high) / 2);
    const candidate = await at('DESC', 'stream_seq <= $1 AND stream_seq > $2', [middle, low]);
    if (!candidate) low = middle;
    else if (await isOurs(candidate)) low = middle;
    else high = candidate.stream_seq;
  }
  // One transaction however many there are: a part of them reset would hide the rest from the next look.
  await client.query('BEGIN');
  // A plan for this very tail: for any, it would be that of a third of the outbox.
  await client.query('SET LOCAL statement_timeout = 0; SET LOCAL plan_cache_mode = auto');
  const { rowCount } = await client.query({
    text: `UPDATE outbox SET published_at = NULL, stream_seq = NULL
            WHERE stream_seq > $1 AND (SELECT epoch FROM relay_epoch) = $2`,
    values: [low, epoch],
    query_timeout: 3_600_000,
  } as pg.QueryConfig);
  await client.query('COMMIT');
  return rowCount ?? 0;
}

/** The id of the event at this place of the stream; undefined when there is none. */
async function eventIdAt(manager: JetStreamManager, stream: string, seq: number): Promise<string | undefined> {
  try {
    const message = await manager.streams.getMessage(stream, { seq });
    return message?.header.get('Nats-Msg-Id') || undefined;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return undefined;
    throw error;
  }
}

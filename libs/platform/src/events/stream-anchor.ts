import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';
import type { DataSource, EntityManager } from 'typeorm';
import { runSql } from '../db/sql.js';

interface Anchor {
  readonly stream_seq: number;
  readonly stored_at: Date;
}

/**
 * The last message that a consumer had from its stream, kept in the database. A broker that lost a tail no longer has that
 * message at that place, or has another one there, and its own consumer would skip all that comes under numbers it has
 * delivered before. Then the consumer has to be made anew, from the start; what it had before is dropped as a duplicate.
 */
export class StreamAnchor {
  constructor(
    private readonly dataSource: DataSource,
    private readonly stream: string,
    private readonly consumer: string,
  ) {}

  /** Never goes back: with several copies of a service the slower one is behind. In the manager's transaction, if it has one. */
  async remember(message: JsMsg, manager: EntityManager = this.dataSource.manager): Promise<void> {
    await runSql(
      manager,
      `INSERT INTO consumer_progress (consumer, stream_seq, stored_at) VALUES ($1, $2, $3)
       ON CONFLICT (consumer) DO UPDATE SET stream_seq = excluded.stream_seq, stored_at = excluded.stored_at, changed_at = now()
        WHERE excluded.stream_seq > consumer_progress.stream_seq`,
      [this.consumer, message.seq, message.time],
    );
  }

  async isLost(manager: JetStreamManager): Promise<boolean> {
    const [anchor] = await this.dataSource.query<Anchor[]>(
      'SELECT stream_seq, stored_at FROM consumer_progress WHERE consumer = $1 AND stream_seq > 0',
      [this.consumer],
    );
    if (!anchor) return false;
    try {
      const message = await manager.streams.getMessage(this.stream, { seq: anchor.stream_seq });
      // The two sides round the broker's nanoseconds each in their way.
      return !message || Math.abs(message.time.getTime() - anchor.stored_at.getTime()) > 1;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return true;
      throw error;
    }
  }

  async startOver(manager: JetStreamManager): Promise<void> {
    await manager.consumers.delete(this.stream, this.consumer).catch((error: unknown) => {
      if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound)) throw error;
    });
    await this.dataSource.query('UPDATE consumer_progress SET stream_seq = 0 WHERE consumer = $1', [this.consumer]);
  }
}

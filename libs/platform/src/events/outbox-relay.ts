import { type Envelope, outsideConsumersOn, type ServiceName, STREAMS, wakeSubject } from '#contracts';
import { jetstream, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type pg from 'pg';
import { dedicatedClient } from '../db/data-source.js';
import type { Logger } from '../logging/logger.js';
import { ensureDurable, ensureStream, sessionOf, streamManager } from './nats-connection.js';
import type { RelaySignal } from './relay-signal.js';
import { republishLost } from './stream-reconciler.js';

interface OutboxRow {
  id: number;
  event_id: string;
  aggregate_id: string;
  sequence: number;
  type: string;
  data: unknown;
  actor_id: string | null;
  traceparent: string | null;
  occurred_at: Date;
}

const BATCH = 500;
const IN_FLIGHT = 256;
const PUBLISH_TIMEOUT_MS = 5000;

export interface RelayOptions {
  readonly service: ServiceName;
  readonly databaseUrl: string;
  /** Safety net: how long a lost wake-up can delay an event. */
  readonly pollMs?: number;
  readonly reconcileMs?: number;
  readonly standbyMs?: number;
}

/**
 * Publishes the outbox to JetStream. One copy of a service does it at a time: it holds an advisory lock on a session of its own,
 * and an epoch in the UPDATE that marks rows keeps out one that was frozen and woke up after another had taken over.
 * A row is marked only after the broker's answer; a time-out means "unknown" and the row goes out again under the same id.
 */
export class OutboxRelay {
  private stopped = false;
  private running?: Promise<void>;
  private wake?: () => void;
  private woken = false;
  private leader = false;
  /** The highest place in the stream that one of our events has; a new one must come behind it. */
  private highest = 0;
  private subscription?: Subscription;
  private unlisten?: () => void;

  constructor(
    private readonly options: RelayOptions,
    private readonly signal: RelaySignal,
    private readonly logger: Logger,
  ) {}

  start(connection: NatsConnection): void {
    const { service } = this.options;
    const subject = wakeSubject(service);
    this.subscription = connection.subscribe(subject, { callback: () => this.wakeUp() });
    this.unlisten = this.signal.listen(() => {
      if (this.leader) this.wakeUp();
      else if (!connection.isClosed()) connection.publish(subject);
    });
    this.running = this.run(connection);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.unlisten?.();
    this.subscription?.unsubscribe();
    this.wakeUp();
    await this.running;
  }

  private wakeUp(): void {
    this.woken = true;
    this.wake?.();
  }

  private async sleep(milliseconds: number): Promise<void> {
    if (!this.woken)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.woken = false;
    this.wake = undefined;
  }

  private async run(connection: NatsConnection): Promise<void> {
    const { service, databaseUrl, standbyMs = 1000 } = this.options;
    while (!this.stopped) {
      const client = dedicatedClient(service, databaseUrl);
      client.on('error', (err) => this.logger.warn({ err }, 'relay lost its database session'));
      try {
        await client.connect();
        while (!this.stopped && !(await tryLock(client, service))) await this.sleep(standbyMs);
        if (!this.stopped) await this.lead(client, connection);
      } catch (err) {
        this.logger.warn({ err }, 'relay interrupted');
        this.woken = false;
        if (!this.stopped) await this.sleep(standbyMs);
      } finally {
        this.leader = false;
        await client.end().catch(() => undefined);
      }
    }
  }

  /** Until the session or the broker fails; what was not published yet stays in the outbox. */
  private async lead(client: pg.Client, connection: NatsConnection): Promise<void> {
    const { pollMs = 1000, reconcileMs = 5000 } = this.options;
    const epoch = (await client.query<{ epoch: number }>('UPDATE relay_epoch SET epoch = epoch + 1 RETURNING epoch'))
      .rows[0]!.epoch;
    this.leader = true;
    const manager = await streamManager(connection);
    const js = jetstream(connection, { timeout: PUBLISH_TIMEOUT_MS });
    await ensureStream(manager, 'CRM');
    let reconciledAt = 0;
    let session = '';
    while (!this.stopped) {
      const current = sessionOf(connection);
      // A broker that comes back may have lost a tail: looked at before anything is published behind it.
      if (current !== session || Date.now() - reconciledAt >= reconcileMs) {
        await this.reconcile(client, manager, epoch);
        reconciledAt = Date.now();
        session = current;
      }
      const more = await this.publishBatch(client, js, epoch, () => sessionOf(connection) === current);
      if (!more && !this.stopped) await this.sleep(pollMs);
    }
  }

  private async reconcile(client: pg.Client, manager: JetStreamManager, epoch: number): Promise<void> {
    await ensureStream(manager, 'CRM');
    const lost = await republishLost(client, manager, STREAMS.CRM.name, epoch);
    if (lost > 0) this.logger.error({ lost }, 'the broker lost events that it had acknowledged; publishing them again');
    const [highest] = (
      await client.query<{ stream_seq: number }>(
        'SELECT stream_seq FROM outbox WHERE stream_seq IS NOT NULL ORDER BY stream_seq DESC LIMIT 1',
      )
    ).rows;
    this.highest = highest?.stream_seq ?? 0;
    // Other systems cannot make their consumers themselves; one that is not as it should be stops nobody else's events.
    for (const { name, filterSubject } of outsideConsumersOn(this.options.service))
      await ensureDurable(manager, 'CRM', name, filterSubject).catch((err: unknown) =>
        this.logger.warn({ err, consumer: name }, 'the consumer of another system is missing'),
      );
  }

  /** Returns whether there may be more. */
  private async publishBatch(
    client: pg.Client,
    js: JetStreamClient,
    epoch: number,
    sameSession: () => boolean,
  ): Promise<boolean> {
    const { rows } = await client.query<OutboxRow>(
      `SELECT id, event_id, aggregate_id, sequence, type, data, actor_id, traceparent, occurred_at
         FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT ${BATCH}`,
    );
    let failure: unknown;
    for (const wave of waves(rows)) {
      if (!sameSession()) return true;
      const answers = await Promise.allSettled(
        wave.map((row) =>
          js.publish(row.type, JSON.stringify(envelope(this.options.service, row)), {
            msgID: row.event_id,
            timeout: PUBLISH_TIMEOUT_MS,
          }),
        ),
      );
      // What was answered across a reconnect may stand behind a loss that nobody has looked for yet: it goes out again.
      if (!sameSession()) throw new Error('the connection to NATS changed');
      const done = wave.flatMap((row, index) => {
        const answer = answers[index]!;
        if (answer.status === 'rejected') failure = answer.reason;
        if (answer.status === 'rejected') return [];
        if (!answer.value.duplicate && answer.value.seq <= this.highest) throw new Error('the stream went back');
        return [{ id: row.id, seq: answer.value.seq }];
      });
      const marked = await client.query(
        `UPDATE outbox o SET published_at = now(), stream_seq = v.seq FROM unnest($1::bigint[], $2::bigint[]) AS v (id, seq)
          WHERE o.id = v.id AND o.id BETWEEN $4 AND $5 AND (SELECT epoch FROM relay_epoch) = $3`,
        [done.map((d) => d.id), done.map((d) => d.seq), epoch, rows[0]!.id, rows.at(-1)!.id],
      );
      if (marked.rowCount !== done.length) throw new Error('another copy has taken the relay over');
      this.highest = Math.max(this.highest, ...done.map((d) => d.seq));
      if (failure) throw failure;
    }
    return rows.length === BATCH;
  }
}

const tryLock = async (client: pg.Client, service: string): Promise<boolean> =>
  (await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock(hashtext($1)) AS held', [`relay:${service}`]))
    .rows[0]!.held;

/** Cuts the batch so that no two events of the same record are on their way at once. */
export function waves<T extends { aggregate_id: string; type: string }>(rows: readonly T[]): T[][] {
  const result: T[][] = [];
  let wave: T[] = [];
  let records = new Set<string>();
  for (const row of rows) {
    const record = `${row.type.split('.')[2]} ${row.aggregate_id}`;
    if (records.has(record) || wave.length === IN_FLIGHT) {
      result.push(wave);
      wave = [];
      records = new Set();
    }
    wave.push(row);
    records.add(record);
  }
  if (wave.length > 0) result.push(wave);
  return result;
}

function envelope(service: string, row: OutboxRow): Envelope {
  return {
    specversion: '1.0',
    id: row.event_id,
    source: `/crm/${service}`,
    type: row.type,
    subject: row.aggregate_id,
    time: row.occurred_at.toISOString(),
    datacontenttype: 'application/json',
    sequence: row.sequence,
    ...(row.traceparent ? { traceparent: row.traceparent } : {}),
    ...(row.actor_id ? { actorid: row.actor_id } : {}),
    data: row.data,
  };
}

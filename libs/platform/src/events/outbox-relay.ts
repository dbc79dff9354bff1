import { setTimeout as pause } from 'node:timers/promises';
import { outsideConsumersOn, type ServiceName, STREAMS, wakeSubject } from '#contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type pg from 'pg';
import { dedicatedClient } from '../db/data-source.js';
import type { Logger } from '../logging/logger.js';
import { AcknowledgedPublisher } from './acknowledged-publisher.js';
import { ensureDurable, ensureStream, sessionOf, streamManager } from './nats-connection.js';
import { lanesOf, type OutboxRow, payloadOf, readBatch } from './outbox-batch.js';
import type { RelaySignal } from './relay-signal.js';
import { republishLost } from './stream-reconciler.js';

const IN_FLIGHT = 256;
const PUBLISH_TIMEOUT_MS = 5000;
/** Rounds begin no closer together than this, so that events written at the same time share one; the first after a pause goes at once. */
const GATHER_MS = 10;

export interface RelayOptions {
  readonly service: ServiceName;
  readonly databaseUrl: string;
  readonly natsUser?: string | undefined;
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
  private connected = true;
  /** Ends the wait for answers that a lost connection will not bring; each would else end by its time-out. */
  private onLoss?: () => void;
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
    void this.watch(connection);
    this.running = this.run(connection);
  }

  private async watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status())
      if (type === 'disconnect') {
        this.connected = false;
        this.onLoss?.();
      } else if (type === 'reconnect') {
        this.connected = true;
        this.wakeUp();
      }
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
        while (!this.stopped && (!this.connected || !(await tryLock(client, service)))) await this.sleep(standbyMs);
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
    const publisher = new AcknowledgedPublisher(connection, this.options.natsUser, PUBLISH_TIMEOUT_MS);
    try {
      await this.leadWith(publisher, client, connection);
    } finally {
      publisher.close();
    }
  }

  private async leadWith(
    publisher: AcknowledgedPublisher,
    client: pg.Client,
    connection: NatsConnection,
  ): Promise<void> {
    const { pollMs = 1000, reconcileMs = 5000 } = this.options;
    const epoch = (await client.query<{ epoch: number }>('UPDATE relay_epoch SET epoch = epoch + 1 RETURNING epoch'))
      .rows[0]!.epoch;
    this.leader = true;
    const manager = await streamManager(connection);
    await ensureStream(manager, 'CRM');
    // A mark that a crash takes back costs a repetition, which everybody drops; a commit of its own costs a write to the disk.
    await client.query('SET synchronous_commit = off');
    // A batch is the first rows of an index. The statistics know nothing of a backlog that came up just now: by them, all of it was sorted for each batch.
    await client.query('SET enable_bitmapscan = off; SET enable_sort = off; SET plan_cache_mode = force_generic_plan');
    let reconciledAt = 0;
    let session = '';
    let begunAt = 0;
    while (!this.stopped) {
      // Another copy may have a connection: it gets the lead.
      if (!this.connected) return;
      const early = begunAt + GATHER_MS - performance.now();
      if (early > 0) await pause(early);
      begunAt = performance.now();
      const current = sessionOf(connection);
      // A broker that comes back may have lost a tail: looked at before anything is published behind it.
      if (current !== session || Date.now() - reconciledAt >= reconcileMs) {
        await this.reconcile(client, manager, epoch);
        reconciledAt = Date.now();
        session = current;
      }
      const more = await this.drain(client, publisher, epoch, {
        sameSession: () => sessionOf(connection) === current,
        until: reconciledAt + reconcileMs,
      });
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

  /**
   * Publishes batch after batch; while one is on its way, the one before is marked and the next one is read.
   * Ends with nothing on its way, or without the connection. @returns whether there may be more
   */
  private async drain(
    client: pg.Client,
    publisher: AcknowledgedPublisher,
    epoch: number,
    { sameSession, until }: { sameSession: () => boolean; until: number },
  ): Promise<boolean> {
    const inHand = new Set<number>();
    const answered: Answered[] = [];
    const failures: unknown[] = [];
    let trusted = true;
    let marked = Promise.resolve();
    const distrust = (reason: unknown): void => {
      trusted = false;
      failures.push(reason);
    };
    // What was answered across a reconnect may stand behind a loss that nobody has looked for yet: it goes out again.
    const markAnswered = async (): Promise<void> => {
      const part = answered.splice(0);
      if (part.length === 0 || !trusted || !sameSession()) return;
      await markPublished(client, epoch, part);
      for (const { id } of part) inHand.delete(id);
    };
    // One after the other: behind one that failed, none of a record's later events is marked.
    const mark = (): void => {
      marked = marked.then(markAnswered).catch(distrust);
    };
    const goesOn = (): boolean => failures.length === 0 && !this.stopped && sameSession();
    const publish = async (row: OutboxRow): Promise<void> => {
      const behind = this.highest;
      const { seq, duplicate } = await publisher.publish(row.type, payloadOf(row), row.event_id);
      if (!sameSession()) return;
      if (!duplicate && seq <= behind) return distrust(new Error('the stream went back'));
      this.highest = Math.max(this.highest, seq);
      answered.push({ id: row.id, seq });
    };

    const lost = new Promise<never>((_resolve, reject) => {
      this.onLoss = () => reject(new Error('the connection to the broker was lost'));
    });
    // It may be lost while nobody waits for an answer.
    lost.catch(() => undefined);
    const { service } = this.options;
    let rows = await readBatch(client, service, inHand);
    while (rows.length > 0 && goesOn()) {
      for (const { id } of rows) inHand.add(id);
      const next = readBatch(client, service, inHand).catch((err: unknown): OutboxRow[] => {
        failures.push(err);
        return [];
      });
      // A record's next event goes out when its last one was answered; the first failure of any ends it for all.
      const lanes = lanesOf(rows).values();
      const publishLanes = async (): Promise<void> => {
        for (const lane of lanes)
          for (const row of lane) {
            if (!goesOn()) return;
            await publish(row).catch((err: unknown) => failures.push(err));
          }
      };
      const earlier = marked;
      const published = Promise.all(Array.from({ length: IN_FLIGHT }, publishLanes));
      await Promise.race([published, lost]).catch((err: unknown) => failures.push(err));
      await earlier;
      mark();
      rows = await next;
      if (Date.now() >= until) break;
    }
    await marked;
    this.onLoss = undefined;
    if (failures.length > 0) throw failures[0];
    return rows.length > 0 || inHand.size > 0;
  }
}

interface Answered {
  readonly id: number;
  readonly seq: number;
}

async function markPublished(client: pg.Client, epoch: number, answered: readonly Answered[]): Promise<void> {
  const ids = answered.map(({ id }) => id);
  const { rowCount } = await client.query({
    name: 'relay-mark',
    text: `UPDATE outbox o SET published_at = now(), stream_seq = v.seq FROM unnest($1::bigint[], $2::bigint[]) AS v (id, seq)
      WHERE o.id = v.id AND o.id BETWEEN $4 AND $5 AND (SELECT epoch FROM relay_epoch) = $3`,
    values: [ids, answered.map(({ seq }) => seq), epoch, Math.min(...ids), Math.max(...ids)],
  });
  if (rowCount !== answered.length) throw new Error('another copy has taken the relay over');
}

const tryLock = async (client: pg.Client, service: string): Promise<boolean> =>
  (await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock(hashtext($1)) AS held', [`relay:${service}`]))
    .rows[0]!.held;

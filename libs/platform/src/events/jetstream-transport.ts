import { type ConsumerDefinition, consumersOf, handledBy, type ServiceName, STREAMS } from '#contracts';
import type { JetStreamManager, JsMsg } from '@nats-io/jetstream';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { DataSource, EntityManager } from 'typeorm';
import type { EventTx } from '../db/tx.js';
import type { Logger } from '../logging/logger.js';
import type { Broker } from './broker.js';
import { DurableConsumer } from './durable-consumer.js';
import type { EventHandler, EventInbox } from './event-inbox.js';
import type { OnOptions } from './on.decorator.js';

const STREAM = STREAMS.CRM.name;
/**
 * What came before its predecessor comes again after these times. Of several in a row each may have to wait for the next turn of the
 * one before it, so a long pause would be one for each of them, when all are there already.
 */
const GAP_MS = { first: 50, most: 1000 };

/** Where one durable consumer stands. `asOf` (ms since 1970): all events up to then are applied. */
export interface ConsumerState {
  caughtUp: boolean;
  asOf: number;
  /** The last place of the stream that is applied, and its end when this copy started. */
  applied: number;
  target?: number;
}

/**
 * Nest's transport for events, over JetStream instead of core NATS: durable pull consumers, one for each kind of record,
 * whose handlers run in the inbox's transaction. A message is acknowledged after the commit, never after a failure.
 */
export class JetStreamTransport extends Server implements CustomTransportStrategy {
  readonly states = new Map<string, ConsumerState>();
  private readonly consumers: DurableConsumer[] = [];

  constructor(
    private readonly service: ServiceName,
    private readonly broker: Broker,
    private readonly dataSource: DataSource,
    private readonly inbox: EventInbox,
    private readonly inboxHandlers: Map<string, EventHandler>,
    private readonly log: Logger,
  ) {
    super();
  }

  /** Refuses to start when the handlers differ from the topology. */
  listen(callback: (error?: unknown) => void): void {
    try {
      this.bindHandlers();
    } catch (error) {
      callback(error);
      return;
    }
    this.startConsumers();
    callback();
  }

  async close(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
  }

  on(): void {
    // No transport events are offered: the states tell where each consumer stands.
  }

  unwrap<T>(): T {
    return this.broker as T;
  }

  private bindHandlers(): void {
    const wanted = new Set(handledBy(this.service).map((event) => event.type));
    const found = new Set(this.messageHandlers.keys());
    const missing = [...wanted].filter((type) => !found.has(type));
    const unknown = [...found].filter((type) => !wanted.has(type));
    if (missing.length > 0 || unknown.length > 0)
      throw new Error(
        `The event handlers of ${this.service} differ from the topology. Without a handler: ${missing.join(', ') || 'none'}. ` +
          `Not in the topology: ${unknown.join(', ') || 'none'}.`,
      );
    for (const [type, handler] of this.messageHandlers) {
      const handle = async (data: unknown, tx: EventTx) => {
        const result: unknown = await handler(data, tx);
        if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
      };
      this.inboxHandlers.set(type, Object.assign(handle, handler.extras as OnOptions | undefined));
    }
  }

  private startConsumers(): void {
    for (const definition of consumersOf(this.service)) {
      const state: ConsumerState = { caughtUp: false, asOf: 0, applied: 0 };
      this.states.set(definition.name, state);
      this.recall(definition.name, state).catch((err: unknown) => this.log.warn({ err }, 'progress could not be read'));
      const consumer = new DurableConsumer(
        this.broker.connection,
        this.dataSource,
        {
          stream: STREAM,
          name: definition.name,
          filterSubject: definition.filterSubject,
          process: (batch, note) => this.process(definition, state, batch, note),
          check: (manager, idle) => this.check(manager, definition, state, idle),
        },
        this.log,
      );
      this.consumers.push(consumer);
      consumer.start();
    }
  }

  private async process(
    definition: ConsumerDefinition,
    state: ConsumerState,
    batch: JsMsg[],
    note: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    const outcomes = await this.inbox.receive(
      definition.name,
      batch.map((message) => ({ streamSeq: message.seq, subject: message.subject, data: message.data })),
      note,
    );
    if (outcomes.every(({ kind }) => kind !== 'gap' && kind !== 'retry')) {
      const last = batch.at(-1)!;
      state.applied = last.seq;
      state.asOf = Math.max(state.asOf, last.time.getTime());
    }
    batch.forEach((message, index) => {
      const outcome = outcomes[index]!;
      switch (outcome.kind) {
        case 'applied':
        case 'duplicate':
          message.ack();
          break;
        case 'parked':
          this.log.error(
            { consumer: definition.name, subject: message.subject, seq: message.seq },
            'event parked as a dead letter',
          );
          message.term();
          break;
        case 'gap':
          message.nak(Math.min(GAP_MS.most, GAP_MS.first * 2 ** (message.info.deliveryCount - 1)));
          break;
        case 'retry':
          this.log.warn(
            { err: outcome.error, consumer: definition.name, subject: message.subject },
            'event failed, will be tried again',
          );
          message.nak(outcome.delayMs);
          break;
      }
    });
  }

  /**
   * All that had arrived is applied: as of now if nothing more waits there, else as of the last message. Only an idle consumer asks:
   * nats-server 2.9 forgets by it what waits, and counts a backlog anew with each message that it gives out.
   */
  private async check(
    manager: JetStreamManager,
    { name }: ConsumerDefinition,
    state: ConsumerState,
    idle: boolean,
  ): Promise<void> {
    state.target ??= (await manager.streams.info(STREAM)).state.last_seq;
    const nothingWaits = idle && (await this.isAtTheEnd(manager, name, state));
    if (state.caughtUp || !(nothingWaits || state.applied >= state.target)) return;
    await this.dataSource.query(
      `INSERT INTO consumer_progress (consumer, caught_up) VALUES ($1, true) ON CONFLICT (consumer) DO UPDATE SET caught_up = true`,
      [name],
    );
    state.caughtUp = true;
  }

  private async isAtTheEnd(manager: JetStreamManager, name: string, state: ConsumerState): Promise<boolean> {
    const asked = Date.now();
    const { num_pending, num_ack_pending } = await manager.consumers.info(STREAM, name);
    const atTheEnd = num_pending === 0 && num_ack_pending === 0;
    if (atTheEnd) state.asOf = asked;
    return atTheEnd;
  }

  /** Caught up once is caught up for good, broker or not. */
  private async recall(consumer: string, state: ConsumerState): Promise<void> {
    const [row] = await this.dataSource.query<Array<{ caught_up: boolean }>>(
      'SELECT caught_up FROM consumer_progress WHERE consumer = $1',
      [consumer],
    );
    if (row?.caught_up) state.caughtUp = true;
  }
}

import type { STREAMS } from '#contracts';
import { jetstream, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource, EntityManager } from 'typeorm';
import type { Logger } from '../logging/logger.js';
import { ensureDurable, ensureStream, sessionOf, streamManager } from './nats-connection.js';
import { StreamAnchor } from './stream-anchor.js';

const BATCH = 100;
/**
 * What a consumer that died had in hand comes again after this time; nats-server 2.9 also gives one message to the abandoned
 * pull of a consumer that has stopped. So this is what a restart can cost; longer work says that it goes on.
 */
const ACK_WAIT_MS = 6000;
/**
 * Between batches that are not full passes twice the time that the last one took, within these bounds: what a transaction costs is then
 * shared by more events the busier the machine is. The first event after a pause goes at once.
 */
const GATHER_MS = { least: 20, most: 100 };
/**
 * A broker that forgets who waits for messages, as one does that had no room on its disk, is noticed by heartbeats that stay away, twice.
 * The client's own settings would have us wait for 30 s then.
 */
const PULL = { expires: 10_000, idle_heartbeat: 3000 };
const RESTART_MS = 1000;
const CHECK_MS = 1000;
const VERIFY_MS = 5000;

export interface DurableConsumerOptions {
  readonly stream: keyof typeof STREAMS;
  readonly name: string;
  readonly filterSubject: string;
  /** How long a message of a consumer that died waits before it is given out again. */
  readonly ackWaitMs?: number;
  /**
   * Gets what has arrived, in the stream's order, one batch at a time; it settles each message. Whoever has a transaction notes in it
   * what was delivered, which saves one.
   */
  readonly process: (batch: JsMsg[], note: (manager: EntityManager) => Promise<void>) => Promise<void>;
  /** Each second: whether all that had arrived is processed. */
  readonly check?: (manager: JetStreamManager, idle: boolean) => Promise<void>;
}

/**
 * A durable pull consumer that is made when it is missing, checked against what was asked for, and started over when it
 * fails, when the connection was made anew, or when the stream lost what it had delivered.
 */
export class DurableConsumer {
  private stopped = false;
  private loop?: Promise<void>;
  private readonly stoppers = new Set<() => void>();
  private readonly anchor: StreamAnchor;

  constructor(
    private readonly connection: Promise<NatsConnection>,
    dataSource: DataSource,
    private readonly options: DurableConsumerOptions,
    private readonly logger: Logger,
  ) {
    this.anchor = new StreamAnchor(dataSource, options.stream, options.name);
  }

  start(): void {
    this.loop = this.run();
  }

  /** Ends after the batch that is being processed. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const stop of this.stoppers) stop();
    await this.loop;
  }

  private async run(): Promise<void> {
    const connection = await this.orStopped(this.connection);
    while (connection && !this.stopped) {
      try {
        await this.consume(connection);
      } catch (err) {
        if (!this.stopped) {
          this.logger.warn({ err, consumer: this.options.name }, 'consumer interrupted');
          await this.orStopped(new Promise((resolve) => setTimeout(resolve, RESTART_MS)));
        }
      }
    }
  }

  private orStopped<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const stop = () => resolve(undefined);
      this.stoppers.add(stop);
      if (this.stopped) stop();
      promise.then(resolve, reject).finally(() => this.stoppers.delete(stop));
    });
  }

  private async consume(connection: NatsConnection): Promise<void> {
    const { name, stream, filterSubject, process } = this.options;
    const session = sessionOf(connection);
    const manager = await streamManager(connection);
    await ensureStream(manager, stream);
    // Before the first message, because that one would take the anchor's place.
    if (await this.anchor.isLost(manager)) {
      this.logger.error({ consumer: name }, 'the stream went back; reading it again from the start');
      await this.anchor.startOver(manager);
    }
    const ackWaitMs = this.options.ackWaitMs ?? ACK_WAIT_MS;
    const info = await ensureDurable(manager, stream, name, filterSubject, ackWaitMs);
    const consumer = jetstream(connection).consumers.getConsumerFromInfo(info);

    const queue: JsMsg[] = [];
    let batch: JsMsg[] = [];
    let signal: () => void = () => undefined;
    let ended = false;
    const end = () => {
      ended = true;
      signal();
    };
    const messages = await consumer.consume({
      max_messages: BATCH * 4,
      ...PULL,
      abort_on_missing_resource: true,
      callback: (message) => {
        queue.push(message);
        if (sessionOf(connection) === session) signal();
        else end();
      },
    });
    void messages.closed().then(end, end);
    this.stoppers.add(end);
    if (this.stopped) end();
    let resumeAt = 0;
    const timer = this.checkEach(manager, () => queue.length + batch.length === 0, end);
    const heartbeat = setInterval(() => {
      for (const message of [...batch, ...queue]) message.working();
    }, ackWaitMs / 3);
    try {
      while (!ended) {
        const early = resumeAt - performance.now();
        if (early > 0 && queue.length < BATCH) await new Promise((resolve) => setTimeout(resolve, early));
        batch = queue.splice(0, BATCH);
        if (batch.length > 0) {
          const begunAt = performance.now();
          const last = batch.at(-1)!;
          let noted = false;
          await process(batch, async (manager) => {
            await this.anchor.remember(last, manager);
            noted = true;
          });
          batch = [];
          if (!noted) await this.anchor.remember(last);
          const took = performance.now() - begunAt;
          resumeAt = begunAt + took + Math.min(GATHER_MS.most, Math.max(GATHER_MS.least, 2 * took));
        } else
          await new Promise<void>((resolve) => {
            signal = resolve;
            if (ended || queue.length > 0) resolve();
          });
      }
    } finally {
      clearInterval(timer);
      clearInterval(heartbeat);
      this.stoppers.delete(end);
      await messages.close();
      // Left alone they would come again only after the time that an acknowledgement may take.
      for (const message of [...batch, ...queue]) message.nak();
    }
  }

  private checkEach(manager: JetStreamManager, idle: () => boolean, end: () => void): NodeJS.Timeout {
    let verifiedAt = Date.now();
    let running = false;
    const check = async () => {
      await this.options.check?.(manager, idle());
      if (Date.now() - verifiedAt < VERIFY_MS) return;
      verifiedAt = Date.now();
      if (await this.anchor.isLost(manager)) end();
    };
    const look = () => {
      if (running) return;
      running = true;
      check()
        .catch((err: unknown) =>
          this.logger.debug({ err, consumer: this.options.name }, 'consumer could not be checked'),
        )
        .finally(() => (running = false));
    };
    look();
    return setInterval(look, CHECK_MS);
  }
}

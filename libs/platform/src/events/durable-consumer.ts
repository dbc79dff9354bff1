import type { STREAMS } from '#contracts';
import { jetstream, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '../logging/logger.js';
import { ensureDurable, ensureStream, streamManager } from './nats-connection.js';

const BATCH = 100;
const RESTART_MS = 1000;
const CHECK_MS = 1000;

export interface DurableConsumerOptions {
  readonly stream: keyof typeof STREAMS;
  readonly name: string;
  readonly filterSubject: string;
  /** Gets what has arrived, in the stream's order, one batch at a time; it settles each message. */
  readonly process: (batch: JsMsg[]) => Promise<void>;
  /** Each second, and whenever all that had arrived is processed. Returns `restart` when the durable must be made anew. */
  readonly check?: (manager: JetStreamManager, idle: boolean) => Promise<'restart' | undefined>;
}

/** A durable pull consumer that is made when it is missing, checked against what was asked for, and started over when it fails. */
export class DurableConsumer {
  private stopped = false;
  private loop?: Promise<void>;
  private readonly stoppers = new Set<() => void>();

  constructor(
    private readonly connection: Promise<NatsConnection>,
    private readonly options: DurableConsumerOptions,
    private readonly logger: Logger,
  ) {}

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
        if (!this.stopped) this.logger.warn({ err, consumer: this.options.name }, 'consumer interrupted');
      }
      if (!this.stopped) await this.orStopped(new Promise((resolve) => setTimeout(resolve, RESTART_MS)));
    }
  }

  private orStopped<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const stop = () => resolve(undefined);
      this.stoppers.add(stop);
      promise.then(resolve, reject).finally(() => this.stoppers.delete(stop));
    });
  }

  private async consume(connection: NatsConnection): Promise<void> {
    const { name, stream, filterSubject, process, check } = this.options;
    const manager = await streamManager(connection);
    await ensureStream(manager, stream);
    const info = await ensureDurable(manager, stream, name, filterSubject);
    const consumer = jetstream(connection).consumers.getConsumerFromInfo(info);

    const queue: JsMsg[] = [];
    let signal: () => void = () => undefined;
    let ended = false;
    const messages = await consumer.consume({
      max_messages: BATCH * 4,
      abort_on_missing_resource: true,
      callback: (message) => {
        queue.push(message);
        signal();
      },
    });
    const end = () => {
      ended = true;
      signal();
    };
    void messages.closed().then(end, end);
    this.stoppers.add(end);
    if (this.stopped) end();
    const look = async () => {
      if (ended || !check) return;
      const answer = await check(manager, queue.length === 0).catch((err: unknown) =>
        this.logger.debug({ err, consumer: name }, 'check failed'),
      );
      if (answer === 'restart') end();
    };
    const timer = setInterval(() => void look(), CHECK_MS);
    try {
      while (!ended) {
        if (queue.length > 0) await process(queue.splice(0, BATCH));
        if (queue.length > 0) continue;
        void look();
        await new Promise<void>((resolve) => {
          signal = resolve;
          if (ended || queue.length > 0) resolve();
        });
      }
    } finally {
      clearInterval(timer);
      this.stoppers.delete(end);
      messages.stop();
    }
  }
}

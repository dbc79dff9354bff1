import { type Envelope, inboxPrefix, type NewEvent, STREAMS } from '#contracts';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { v7 } from 'uuid';
import { ensureStream, streamManager } from '../events/nats-connection.js';
import { TEST_PASSWORD } from './nats-server.js';

/** Hears every event, and speaks as the other services do. */
export class EventProbe {
  readonly heard: Envelope[] = [];
  private readonly sequences = new Map<string, number>();
  private readonly waiters = new Set<() => void>();

  private constructor(private readonly connection: NatsConnection) {}

  static async connect(url: string): Promise<EventProbe> {
    const connection = await connect({
      servers: url,
      user: 'test',
      pass: TEST_PASSWORD,
      inboxPrefix: inboxPrefix('test'),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    });
    await ensureStream(await streamManager(connection), 'CRM');
    const probe = new EventProbe(connection);
    connection.subscribe(STREAMS.CRM.subjects[0], {
      callback: (_error, message) => {
        probe.heard.push(message.json<Envelope>());
        for (const waiter of probe.waiters) waiter();
      },
    });
    await connection.flush();
    return probe;
  }

  /** Waits until the broker, started again, answers, and makes the stream again if its store was wiped. */
  async reconnected(withinMs = 10_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    for (;;)
      try {
        await this.connection.rtt();
        await ensureStream(await streamManager(this.connection), 'CRM');
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
  }

  /** Gives an event the envelope that its publisher's outbox would give it. */
  envelope(event: NewEvent, sequence?: number): Envelope {
    const key = `${event.definition.aggregate} ${event.aggregateId}`;
    const next = sequence ?? (this.sequences.get(key) ?? 0) + 1;
    this.sequences.set(key, Math.max(next, this.sequences.get(key) ?? 0));
    return {
      specversion: '1.0',
      id: v7(),
      source: `/crm/${event.definition.publisher}`,
      type: event.definition.type,
      subject: event.aggregateId,
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      sequence: next,
      data: event.data,
    };
  }

  /** Puts envelopes on the stream as they are: twice, late or out of order, as the test wants it. */
  async send(...envelopes: Envelope[]): Promise<void> {
    const js = jetstream(this.connection);
    for (const envelope of envelopes) await js.publish(envelope.type, JSON.stringify(envelope), { msgID: v7() });
  }

  async publish(...events: NewEvent[]): Promise<Envelope[]> {
    const envelopes = events.map((event) => this.envelope(event));
    await this.send(...envelopes);
    return envelopes;
  }

  /** The first event of this type that fits, when it has come. */
  async published(type: string, fits: (event: Envelope) => boolean = () => true, withinMs = 10_000): Promise<Envelope> {
    const find = () => this.heard.find((event) => event.type === type && fits(event));
    await this.until(
      () => find() !== undefined,
      withinMs,
      () => `no ${type}; heard: ${this.heard.map((event) => event.type).join(', ')}`,
    );
    return find()!;
  }

  private until(condition: () => boolean, withinMs: number, message: () => string): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        settle();
      };
      const timer = setTimeout(() => end(() => reject(new Error(message()))), withinMs);
      const waiter = () => {
        if (condition()) end(resolve);
      };
      this.waiters.add(waiter);
    });
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

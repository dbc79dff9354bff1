import type { Envelope } from '#contracts';
import { TicketWithdrawn } from '#contracts';
import { EventProbe, TEST_PASSWORD, TestNats } from '#testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { systemContext } from '../src/context/request-context.js';
import type { UnitOfWork } from '../src/db/unit-of-work.js';
import { connectNats } from '../src/events/nats-connection.js';
import { OutboxRelay } from '../src/events/outbox-relay.js';
import { createLogger } from '../src/logging/logger.js';
import { Messaging } from './messaging.fixture.js';

const logger = createLogger('service', 'silent');

/** One service's outbox, a broker, and as many relays between them as a test starts. */
export class Relays {
  private readonly running: Array<{ relay: OutboxRelay; connection: NatsConnection }> = [];

  private constructor(
    readonly messaging: Messaging,
    readonly nats: TestNats,
    readonly probe: EventProbe,
  ) {}

  static async create(): Promise<Relays> {
    const [messaging, nats] = await Promise.all([Messaging.create(), TestNats.start()]);
    return new Relays(messaging, nats, await EventProbe.connect(nats.url));
  }

  get uow(): UnitOfWork {
    return this.messaging.uow;
  }

  connect = (user: string, url = this.nats.url): Promise<NatsConnection> =>
    connectNats(user, { NATS_URL: url, NATS_USER: user, NATS_PASSWORD: TEST_PASSWORD }, logger);

  startRelay = async (url?: string): Promise<OutboxRelay> => {
    const { messaging } = this;
    const connection = await this.connect('service', url);
    const relay = new OutboxRelay(
      {
        service: 'service',
        natsUser: 'service',
        databaseUrl: messaging.database.url,
        pollMs: 100,
        reconcileMs: 100,
        standbyMs: 50,
      },
      messaging.signal,
      logger,
    );
    relay.start(connection);
    this.running.push({ relay, connection });
    return relay;
  };

  /** `count` events of each record, mixed, in one transaction. */
  write = (id: string | readonly string[], count = 1, context = systemContext()): Promise<void> =>
    this.uow.run(context, async (tx) => {
      for (let nth = 0; nth < count; nth++)
        for (const each of [id].flat()) tx.publish(TicketWithdrawn.of(each, { ticketId: each, code: `TKT-${nth}` }));
    });

  unpublished = async (): Promise<number> =>
    (
      await this.messaging.dataSource.query<Array<{ count: number }>>(
        'SELECT count(*)::int AS count FROM outbox WHERE published_at IS NULL',
      )
    )[0]!.count;

  /** Also what goes out again and the stream keeps once. */
  heard = (id: string): number[] =>
    this.probe.heard.filter((event: Envelope) => event.subject === id).map((event) => event.sequence);

  hears = (id: string, sequence: number): Promise<Envelope> =>
    this.probe.published(TicketWithdrawn.type, (event) => event.subject === id && event.sequence === sequence, 20_000);

  allMarked = async (): Promise<void> => {
    const deadline = Date.now() + 10_000;
    while ((await this.unpublished()) > 0) {
      if (Date.now() > deadline) throw new Error('the outbox is not empty');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  async close(): Promise<void> {
    for (const { relay, connection } of this.running.splice(0)) {
      await relay.stop();
      await connection.close();
    }
    await this.probe.close();
    await Promise.all([this.messaging.close(), this.nats.stop()]);
  }
}

import type { Envelope } from '#contracts';
import { EventProbe, TEST_PASSWORD, TestNats } from '#testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { v7 } from 'uuid';
import { DurableConsumer } from '../src/events/durable-consumer.js';
import { connectNats } from '../src/events/nats-connection.js';
import { createLogger } from '../src/logging/logger.js';
import { envelopeOf, Messaging } from './messaging.fixture.js';

const logger = createLogger('service', 'silent');

describe('DurableConsumer', () => {
  let messaging: Messaging;
  let nats: TestNats;
  let probe: EventProbe;
  let connection: NatsConnection;
  const had: string[] = [];
  const waiters = new Set<() => void>();
  const consumers: DurableConsumer[] = [];

  const consume = (onBatch: () => Promise<void> = () => Promise.resolve()) => {
    const consumer = new DurableConsumer(
      Promise.resolve(connection),
      messaging.dataSource,
      {
        stream: 'CRM',
        name: 'service-customer-customer',
        filterSubject: 'crm.customer.customer.>',
        ackWaitMs: 2000,
        process: async (batch) => {
          await onBatch();
          for (const message of batch) {
            had.push(message.json<Envelope>().subject);
            message.ack();
          }
          for (const waiter of waiters) waiter();
        },
      },
      logger,
    );
    consumer.start();
    consumers.push(consumer);
    return consumer;
  };
  const hasHad = (ids: string[], withinMs = 20_000) =>
    new Promise<void>((resolve, reject) => {
      const missing = () => ids.filter((id) => !had.includes(id));
      const timer = setTimeout(() => reject(new Error(`never had ${missing().length} of ${ids.length}`)), withinMs);
      const look = () => {
        if (missing().length > 0) return;
        clearTimeout(timer);
        waiters.delete(look);
        resolve();
      };
      waiters.add(look);
      look();
    });
  const send = async (count: number): Promise<string[]> => {
    const ids = Array.from({ length: count }, () => v7());
    await probe.send(...ids.map((id) => ({ ...envelopeOf(id, 1), type: 'crm.customer.customer.deleted.v1' })));
    return ids;
  };

  beforeEach(async () => {
    [messaging, nats] = await Promise.all([Messaging.create(), TestNats.start()]);
    probe = await EventProbe.connect(nats.url);
    connection = await connectNats(
      'consumer',
      { NATS_URL: nats.url, NATS_USER: 'service', NATS_PASSWORD: TEST_PASSWORD },
      logger,
    );
    had.length = 0;
  });
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
    await connection.close();
    await probe.close();
    await Promise.all([messaging.close(), nats.stop()]);
  });

  it('EVT-2: gets what is published after the broker was rolled back behind what it had delivered', async () => {
    consume();
    await hasHad(await send(5));
    await nats.kill();
    await nats.backup();
    await nats.run();
    await probe.reconnected();
    await hasHad(await send(10));
    await nats.kill();
    await nats.rollBack();
    await nats.run();
    await probe.reconnected();
    await hasHad(await send(12));
  });

  it('EVT-2: gets what is published after the broker lost its whole store', async () => {
    consume();
    await hasHad(await send(5));
    await nats.kill();
    await nats.wipe();
    await nats.run();
    await probe.reconnected();
    await hasHad(await send(7));
  });

  it('ALL-5: what a stopped copy had fetched but not begun comes to the next one soon', async () => {
    let release: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      consume(async () => {
        resolve();
        await new Promise<void>((go) => (release = go));
      });
    });
    const ids = await send(300);
    await begun;
    const stopped = consumers[0]!.stop();
    release();
    await stopped;
    consume();
    await hasHad(ids, 15_000);
  });

  it('ALL-5: stops while it is being set up', async () => {
    for (let times = 0; times < 5; times++) {
      const consumer = consume();
      await new Promise((resolve) => setImmediate(resolve));
      await consumer.stop();
    }
  });
});

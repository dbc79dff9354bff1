import type { Envelope } from '#contracts';
import { TEST_PASSWORD } from '#testing';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream';
import { v7 } from 'uuid';
import { systemContext, SYSTEM } from '../src/context/request-context.js';
import { connectNats } from '../src/events/nats-connection.js';
import { createLogger } from '../src/logging/logger.js';
import { OUTSIDE_API_PREFIX, TicketWithdrawn } from '#contracts';
import { Relays } from './relay.fixture.js';

const logger = createLogger('service', 'silent');

describe('OutboxRelay', () => {
  let relays: Relays;
  let { messaging, nats, probe, uow, startRelay, write, unpublished, heard, allMarked, hears } = {} as Relays;

  beforeEach(async () => {
    relays = await Relays.create();
    ({ messaging, nats, probe, uow, startRelay, write, unpublished, heard, allMarked, hears } = relays);
  });
  afterEach(() => relays.close());

  /** Reads on to the record's next event. @returns its number */
  const next = async (reading: AsyncIterator<JsMsg>, id: string): Promise<number | undefined> => {
    for (;;) {
      const { value, done } = await reading.next();
      if (done) return undefined;
      value.ack();
      const event = value.json<Envelope>();
      if (event.subject === id) return event.sequence;
    }
  };
  it('EVT-2: what is committed is published with its envelope, what is rolled back never', async () => {
    await startRelay();
    const [id, lost] = [v7(), v7()];
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await expect(
      uow.run(systemContext(), async (tx) => {
        tx.publish(TicketWithdrawn.of(lost, { ticketId: lost, code: 'TKT-0' }));
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await write(id, 2, { traceId: 'x', traceparent, language: 'en', actor: { ...SYSTEM, id: 'somebody' } });
    await hears(id, 2);
    expect(heard(id)).toEqual([1, 2]);
    expect(heard(lost)).toEqual([]);
    expect(probe.heard[0]).toMatchObject({
      specversion: '1.0',
      source: '/crm/service',
      traceparent,
      actorid: 'somebody',
      sequence: 1,
    });
  });

  it('EVT-2: no row is skipped when transactions commit in another order than they took their numbers', async () => {
    await startRelay();
    const ids = Array.from({ length: 60 }, () => v7());
    await Promise.all(
      ids.map((id, index) =>
        uow.run(systemContext(), async (tx) => {
          tx.publish(TicketWithdrawn.of(id, { ticketId: id, code: 'TKT-1' }));
          await tx.query('SELECT pg_sleep($1)', [(index % 7) / 100]);
        }),
      ),
    );
    for (const id of ids) await hears(id, 1);
    expect(ids.map(heard)).toEqual(ids.map(() => [1]));
  });

  it('EVT-3: concurrent writers of one record leave numbers without gap or doublet', async () => {
    await startRelay();
    const id = v7();
    await Promise.all(Array.from({ length: 20 }, () => write(id)));
    await hears(id, 20);
    expect(heard(id)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it('ALL-5: a second copy takes over when the first stops', async () => {
    const first = await startRelay();
    const id = v7();
    await write(id);
    await hears(id, 1);
    await startRelay();
    await first.stop();
    await write(id);
    await hears(id, 2);
  });

  it('ALL-5: a leader that alone loses the broker leaves the lead to a copy that has it', async () => {
    const sockets = new Set<Socket>();
    const way = createServer((client) => {
      const broker = connect(Number(new URL(nats.url).port), '127.0.0.1');
      for (const socket of [client, broker]) {
        sockets.add(socket.on('error', () => undefined));
        socket.on('close', () => [client, broker].forEach((each) => each.destroy()));
      }
      client.pipe(broker).pipe(client);
    });
    await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve));
    await startRelay(`nats://127.0.0.1:${(way.address() as AddressInfo).port}`);
    const id = v7();
    await write(id);
    await hears(id, 1);
    await allMarked();
    await startRelay();
    way.close();
    for (const socket of sockets) socket.destroy();
    await write(id);
    await hears(id, 2);
    expect(heard(id)).toEqual([1, 2]);
  });

  it('ALL-4: a broker that is down costs no write; back again, the outbox drains in order', async () => {
    await startRelay();
    const id = v7();
    await write(id);
    await hears(id, 1);
    await allMarked();
    await nats.kill();
    await write(id, 3);
    expect(await unpublished()).toBe(3);
    await nats.run();
    await hears(id, 4);
    expect(heard(id)).toEqual([1, 2, 3, 4]);
  });

  it('EVT-2: a broker that lost its store is noticed and gets the events again', async () => {
    await startRelay();
    const ids = Array.from({ length: 5 }, () => v7());
    for (const id of ids) await write(id, 2);
    for (const id of ids) await hears(id, 2);
    await nats.kill();
    await nats.wipe();
    probe.heard.length = 0;
    await nats.run();
    for (const id of ids) await hears(id, 2);
    expect(ids.map((id) => new Set(heard(id)).size)).toEqual(ids.map(() => 2));
  });

  it.each([3, 12])(
    'EVT-2: a broker that was rolled back gets the lost tail again, also when %i new events take its places',
    async (count) => {
      await startRelay();
      const [before, lost, after] = [v7(), v7(), v7()];
      await write(before, 10);
      await hears(before, 10);
      await nats.kill();
      await nats.backup();
      await nats.run();
      await write(lost, 10);
      await hears(lost, 10);
      await nats.kill();
      await nats.rollBack();
      await write(after, count);
      await nats.run();
      await hears(after, count);
      const stored = async () => {
        const connection = await connectNats(
          'look',
          { NATS_URL: nats.url, NATS_USER: 'test', NATS_PASSWORD: TEST_PASSWORD },
          logger,
        );
        try {
          const manager = await jetstreamManager(connection, { checkAPI: false });
          const { state } = await manager.streams.info('CRM');
          const subjects = new Set<string>();
          for (let seq = 1; seq <= state.last_seq; seq++) {
            const event = (await manager.streams.getMessage('CRM', { seq }))!.json<Envelope>();
            subjects.add(`${event.subject} ${event.sequence}`);
          }
          return subjects;
        } finally {
          await connection.close();
        }
      };
      const wanted = [before, lost].flatMap((id) => Array.from({ length: 10 }, (_, index) => `${id} ${index + 1}`));
      const deadline = Date.now() + 15_000;
      let there = await stored();
      while (!wanted.every((each) => there.has(each)) && Date.now() < deadline) there = await stored();
      expect(wanted.filter((each) => !there.has(each))).toEqual([]);
    },
  );
  it('EVT-5: a partner reads on by the consumer that the relay made, also when the broker lost its store', async () => {
    await startRelay();
    const [before, after] = [v7(), v7()];
    await write(before);
    await hears(before, 1);
    const partner = await connectNats(
      'partner',
      { NATS_URL: nats.url, NATS_USER: 'partner', NATS_PASSWORD: TEST_PASSWORD },
      logger,
    );
    const { consumers } = jetstream(partner, { apiPrefix: OUTSIDE_API_PREFIX });
    const messages = await (await consumers.get('CRM', 'partner-service')).consume({ expires: 2000 });
    const reading = messages[Symbol.asyncIterator]();
    try {
      expect(await next(reading, before)).toBe(1);
      await nats.kill();
      await nats.wipe();
      await nats.run();
      await write(after);
      expect(await next(reading, after)).toBe(1);
    } finally {
      messages.stop();
      await partner.close();
    }
  });

  it('EVT-2: an event of several MB is published like any other', async () => {
    await startRelay();
    const id = v7();
    await uow.run(systemContext(), async (tx) => {
      tx.publish(TicketWithdrawn.of(id, { ticketId: id, code: 'x'.repeat(3_000_000) }));
    });
    await hears(id, 1);
  });

  it('EVT-3: a frozen relay that wakes up after another took over marks nothing', async () => {
    await startRelay();
    const id = v7();
    await write(id);
    await hears(id, 1);
    await messaging.dataSource.query('UPDATE relay_epoch SET epoch = epoch + 10');
    await write(id);
    await hears(id, 2);
    await probe.published(TicketWithdrawn.type, (event) => event.sequence === 2);
    await allMarked();
    const [row] = await messaging.dataSource.query<Array<{ epoch: number }>>('SELECT epoch FROM relay_epoch');
    expect(row!.epoch).toBeGreaterThan(10);
    expect(new Set(heard(id))).toEqual(new Set([1, 2]));
  });
});

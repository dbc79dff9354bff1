import { randomBytes } from 'node:crypto';
import { type Envelope, TicketWithdrawn } from '#contracts';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { v7 } from 'uuid';
import { systemContext } from '../src/context/request-context.js';
import { dedicatedClient } from '../src/db/data-source.js';
import { lanesOf, readBatch } from '../src/events/outbox-batch.js';
import { Relays } from './relay.fixture.js';

describe('OutboxRelay: order and marks', () => {
  let relays: Relays;
  let { messaging, uow, startRelay, write, unpublished, heard, allMarked, hears } = {} as Relays;

  beforeEach(async () => {
    relays = await Relays.create();
    ({ messaging, uow, startRelay, write, unpublished, heard, allMarked, hears } = relays);
  });
  afterEach(() => relays.close());

  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
  const asTest = async <T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> => {
    const connection = await relays.connect('test');
    try {
      return await work(await jetstreamManager(connection, { checkAPI: false }));
    } finally {
      await connection.close();
    }
  };
  const stored = () => asTest(async ({ streams }) => (await streams.info('CRM')).state.messages);
  /** Per record, what the stream has of it. */
  const inStream = () =>
    asTest(async ({ streams }) => {
      const found = new Map<string, number[]>();
      const { last_seq } = (await streams.info('CRM')).state;
      for (let seq = 1; seq <= last_seq; seq++) {
        const { subject, sequence } = (await streams.getMessage('CRM', { seq }))!.json<Envelope>();
        found.set(subject, [...(found.get(subject) ?? []), sequence]);
      }
      return found;
    });
  const epoch = async () =>
    (await messaging.dataSource.query<Array<{ epoch: number }>>('SELECT epoch FROM relay_epoch'))[0]!.epoch;

  /** The relay gave up and took the lead again, twice. */
  const ledAgain = async () => {
    const before = await epoch();
    while ((await epoch()) < before + 2) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it('EVT-3: the events of one record go one after the other', () => {
    const row = (aggregate: string, id: string, sequence: number) => ({ record: `${aggregate} ${id}`, sequence });
    const [a1, b1, a2, other, a3] = [
      row('ticket', 'a', 1),
      row('ticket', 'b', 1),
      row('ticket', 'a', 2),
      row('plan', 'a', 1),
      row('ticket', 'a', 3),
    ];
    expect(lanesOf([a1, b1, a2, other, a3])).toEqual([[a1, a2, a3], [b1], [other]]);
  });

  it('EVT-3: a backlog of several batches goes out once, each record in order', async () => {
    const ids = Array.from({ length: 500 }, () => v7());
    await write(ids, 10);
    await startRelay();
    await allMarked();
    await hears(ids.at(-1)!, 10);
    expect(ids.map(heard)).toEqual(ids.map(() => upTo(10)));
    expect(await stored()).toBe(5000);
  });

  it('EVT-3: what the broker refuses holds back the later events of its record, and only those', async () => {
    await asTest(({ streams }) => streams.update('CRM', { max_msg_size: 2000 }));
    const [refused, ...others] = Array.from({ length: 20 }, () => v7()) as [string, ...string[]];
    await write(refused);
    await uow.run(systemContext(), async (tx) => {
      tx.publish(TicketWithdrawn.of(refused, { ticketId: refused, code: 'x'.repeat(3000) }));
    });
    await write([refused, ...others], 3);
    await startRelay();
    await Promise.all(others.map((id) => hears(id, 3)));
    await ledAgain();
    expect((await inStream()).get(refused)).toEqual([1]);
    await asTest(({ streams }) => streams.update('CRM', { max_msg_size: -1 }));
    await hears(refused, 5);
    await allMarked();
    const found = await inStream();
    expect(found.get(refused)).toEqual(upTo(5));
    expect(others.map((id) => found.get(id))).toEqual(others.map(() => upTo(3)));
  });

  it('EVT-3: when the database refuses to mark, the events go out again under their ids and none is lost', async () => {
    const ids = Array.from({ length: 300 }, () => v7());
    await write(ids, 10);
    const refused = ids[7]!;
    await messaging.dataSource.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'refused'; END $$`);
    await messaging.dataSource.query(`CREATE TRIGGER refuse BEFORE UPDATE ON outbox FOR EACH ROW
      WHEN (old.aggregate_id = '${refused}' AND old.sequence = 2) EXECUTE FUNCTION refuse()`);
    await startRelay();
    await hears(refused, 2);
    await ledAgain();
    // No later event of a record is marked before an earlier one.
    const marks: Array<{ marked: boolean }> = await messaging.dataSource.query(
      'SELECT published_at IS NOT NULL AS marked FROM outbox ORDER BY aggregate_id, sequence',
    );
    const states = ids.map((_, index) => marks.slice(index * 10, index * 10 + 10).map(({ marked }) => marked));
    expect(states).toEqual(states.map((each) => each.toSorted((a, b) => Number(b) - Number(a))));
    expect(states.flat()).toContain(false);
    // Dropping the trigger would lock the table against the relay, which may end in a deadlock.
    await messaging.dataSource.query(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RETURN new; END $$`);
    await allMarked();
    // In order at first and whenever a part of them goes out again; the stream keeps each once.
    expect(ids.map((id) => [...new Set(heard(id))])).toEqual(ids.map(() => upTo(10)));
    expect(await stored()).toBe(3000);
  });

  it('EVT-3: a relay that was overtaken between publishing and marking does not mark', async () => {
    const id = v7();
    await write(id, 2);
    const other = dedicatedClient('service', messaging.database.url);
    await other.connect();
    try {
      // Lets others read the outbox, but not mark it.
      await other.query('BEGIN');
      await other.query('LOCK TABLE outbox IN EXCLUSIVE MODE');
      await startRelay();
      await hears(id, 2);
      await messaging.dataSource.query('UPDATE relay_epoch SET epoch = epoch + 10');
      await other.query('COMMIT');
    } finally {
      await other.end();
    }
    await allMarked();
    // It was refused, and took the lead again.
    expect(await epoch()).toBe(12);
    expect(await stored()).toBe(2);
  });

  it('EVT-2: a relay that is stopped leaves nothing on its way: what is stored is marked, the rest is the next copy’s', async () => {
    const ids = Array.from({ length: 500 }, () => v7());
    await write(ids, 10);
    const relay = await startRelay();
    await hears(ids[0]!, 1);
    await relay.stop();
    expect((await stored()) + (await unpublished())).toBe(5000);
    await startRelay();
    await allMarked();
    await hears(ids.at(-1)!, 10);
    expect(ids.map(heard)).toEqual(ids.map(() => upTo(10)));
  });

  it('EVT-2: a batch is bounded by its bytes, and reading on leaves out what is in hand', async () => {
    const ids = Array.from({ length: 3 }, () => v7());
    for (const id of ids)
      await uow.run(systemContext(), async (tx) => {
        tx.publish(TicketWithdrawn.of(id, { ticketId: id, code: randomBytes(1_100_000).toString('base64') }));
      });
    const client = dedicatedClient('service', messaging.database.url);
    await client.connect();
    try {
      const batch = await readBatch(client, 'service', []);
      expect(batch.map(({ record }) => record)).toEqual(ids.slice(0, 2).map((id) => `ticket ${id}`));
      const rest = await readBatch(client, 'service', [batch[0]!.id]);
      expect(rest.map(({ record }) => record)).toEqual(ids.slice(1).map((id) => `ticket ${id}`));
    } finally {
      await client.end();
    }
  });
});

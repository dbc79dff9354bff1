import { ensureOutboxPartitions } from '../src/db/housekeeping.js';
import { Messaging } from './messaging.fixture.js';

let messaging: Messaging;
const sql = (text: string) => messaging.dataSource.query(text);

beforeAll(async () => {
  messaging = await Messaging.create();
});

afterAll(() => messaging.close());

it('are few for the tables of events, also for the partitions of the outbox that are made later', async () => {
  const targets = () =>
    sql(`SELECT DISTINCT attrelid::regclass::text AS "table", attstattarget AS target FROM pg_attribute
          WHERE attrelid IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND relname ~ '^(outbox|event_sequence|consumer_position|consumer_progress|idempotency_key)')
            AND attnum > 0 ORDER BY 1`) as Promise<Array<{ table: string; target: number | null }>>;
  const before = await targets();
  expect(before.filter(({ table }) => table.startsWith('outbox_')).length).toBeGreaterThan(1);
  expect(before.every(({ target }) => target === 10)).toBe(true);
  const [{ last }] = await sql(
    `SELECT max(inhrelid::regclass::text) AS last FROM pg_inherits WHERE inhparent = 'outbox'::regclass`,
  );
  await sql(`DROP TABLE ${last}`);
  await ensureOutboxPartitions(messaging.dataSource);
  expect(await targets()).toEqual(before);
});

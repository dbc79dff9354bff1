import { CREATE_PAIRS } from '../src/db/search.js';
import { Messaging } from './messaging.fixture.js';

let messaging: Messaging;

beforeAll(async () => {
  messaging = await Messaging.create();
  await messaging.dataSource.query(CREATE_PAIRS);
  await messaging.dataSource.query('CREATE TABLE found (id int, search_text text NOT NULL)');
  await messaging.dataSource.query('CREATE INDEX found_search ON found USING gin (pairs(search_text))');
});

afterAll(() => messaging.close());

it('searches read at most 256 kB of what was written lately beside the index itself (CUS-5)', async () => {
  const { dataSource } = messaging;
  await dataSource.query(
    'INSERT INTO found SELECT n, md5(n::text) || md5((-n)::text) FROM generate_series(1, 2100) AS n',
  );
  const [{ pages }] = await dataSource.query(`SELECT gin_clean_pending_list('found_search')::int AS pages`);
  expect(pages).toBeGreaterThan(0);
  // Pages of 8 kB; the row that fills it is written whole.
  expect(pages).toBeLessThanOrEqual(256 / 8 + 1);
});

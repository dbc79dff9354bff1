import type { World } from './customer.fixture.js';

/** Of customers, and of contacts; nearly as many activities. */
export const ROWS = 100_000;
/** The oldest: what only they have lies at the far end of a walk from the newest on. */
export const OLD = ROWS / 20;
const FEW = OLD / 50;
export const owner = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
/** Owns the oldest customers, with which nothing went on. */
export const IDLE = owner(1);
export const NOBODY = owner(0);
/** Two characters that a few of the oldest alone have in their names; they have the tag, too. */
export const RARE = String.fromCharCode(20777, 30777);

const TABLES = ['customer', 'contact', 'activity'];

const CUSTOMERS = `
  INSERT INTO customer (id, code, version, status, name, folded_name, owner_id, external_ref, region, level, satisfaction, credit, industry,
                        nature, type, tags, last_order_date, search_text, created_at)
  SELECT gen_random_uuid(), 'CUS-' || 1000000 + n, 1, CASE WHEN old THEN 'lost' ELSE 'active' END, 'Company ' || n, 'company ' || n,
         ('01900000-0000-7000-8000-' || lpad((CASE WHEN old THEN 1 ELSE 2 + n % 20 END)::text, 12, '0'))::uuid, 'REF-' || n,
         CASE WHEN old THEN 'tibet' WHEN n % 20 = 0 THEN 'hainan' ELSE 'shanghai' END,
         CASE WHEN old THEN 'key' WHEN n % 2 = 0 THEN 'standard' END, CASE WHEN old THEN 1 ELSE 5 END, CASE WHEN old THEN 1 END,
         CASE WHEN old THEN 'energy' END, CASE WHEN old THEN 'foreign' END, CASE WHEN old THEN 'limited' END,
         CASE WHEN n <= ${FEW} THEN '{vip}'::text[] ELSE '{}' END, CASE WHEN n % 2 = 0 THEN date '2000-01-01' + n / 10 END,
         'company' || n || CASE WHEN n <= ${FEW} THEN '${RARE}' ELSE '' END, timestamptz '2020-01-01' + n * interval '1 minute'
    FROM (SELECT n, n <= ${OLD} AS old FROM generate_series(1, ${ROWS}) n) AS numbers`;
const CONTACTS = `
  INSERT INTO contact (id, customer_id, owner_id, version, name, birthday, is_primary, tags, search_text, created_at)
  SELECT gen_random_uuid(), id, owner_id, 1, 'Contact of ' || name, CASE WHEN level = 'key' THEN date '1980-01-01' + credit END, level IS NULL,
         tags, search_text, created_at
    FROM customer`;
const ACTIVITIES = `
  INSERT INTO activity (id, customer_id, owner_id, version, date, kind, summary, contact_id, next_follow_up_date, author_id, created_at, search_text)
  SELECT gen_random_uuid(), c.id, c.owner_id, 1, date '2020-01-01' + n / 30, CASE WHEN old THEN 'call' ELSE 'visit' END, 'summary',
         CASE WHEN old THEN k.id END, CASE WHEN old THEN date '2026-01-01' + n END, CASE WHEN old THEN '${IDLE}' ELSE '${owner(2)}' END::uuid,
         c.created_at, 'summary' || CASE WHEN n <= ${FEW} THEN '${RARE}' ELSE '' END
    FROM (SELECT *, n <= ${OLD} AS old
            FROM (SELECT id, owner_id, created_at, (row_number() OVER (ORDER BY created_at))::int AS n FROM customer WHERE status = 'active') AS numbered) AS c
    JOIN contact k ON k.customer_id = c.id`;

/** Many records in seconds: indexes are made when all is there, and what triggers would look up is put in. */
export async function growTables({ service }: World): Promise<void> {
  const indexes = await service.query<{ name: string; sql: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS sql FROM pg_index
      WHERE indrelid = ANY ($1::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)`,
    [TABLES],
  );
  await service.query(`DROP INDEX ${indexes.map(({ name }) => name).join(', ')}`);
  for (const table of TABLES)
    await service.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false), DISABLE TRIGGER ALL`);
  for (const sql of [CUSTOMERS, CONTACTS, ACTIVITIES]) await service.query(sql);
  for (const table of TABLES) await service.query(`ALTER TABLE ${table} ENABLE TRIGGER ALL`);
  for (const { sql } of indexes) await service.query(sql);
  for (const table of TABLES) await service.query(`VACUUM ANALYZE ${table}`);
}

import { TestDatabase } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { reporting } from '../src/reporting.module.js';

let database: TestDatabase;
let db: DataSource;
beforeAll(async () => {
  database = await TestDatabase.create();
  await database.query('public', 'CREATE SCHEMA reporting');
  const extra = { options: '-c search_path=reporting' };
  const { migrations } = reporting;
  db = await new DataSource({
    type: 'postgres',
    url: database.url,
    schema: 'reporting',
    extra,
    migrations,
  }).initialize();
});
afterAll(async () => {
  await db?.destroy();
  await database?.drop();
});

/** Tables, sequences, indexes and functions, but for what TypeORM keeps its own books in. */
const objects = async (): Promise<string[]> => {
  const rows = await database.query<{ name: string }>(
    'reporting',
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'reporting'::regnamespace AND relname NOT LIKE '%migrations%' AND relname NOT LIKE 'PK\\_%'
     UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'reporting'::regnamespace ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
};

describe('the migrations', () => {
  it('go up, go down without leaving anything behind, and up again to the same schema', async () => {
    await db.runMigrations();
    const there = await objects();
    expect(there).toEqual(expect.arrayContaining(['customer', 'customer_order', 'contribution', 'contribution_rank']));
    for (let left = reporting.migrations.length; left > 0; left--) await db.undoLastMigration();
    expect(await objects()).toEqual([]);
    await db.runMigrations();
    expect(await objects()).toEqual(there);
  });
});

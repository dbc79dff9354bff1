import { TestDatabase } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { service } from '../src/service.module.js';

let database: TestDatabase;
let db: DataSource;
beforeAll(async () => {
  database = await TestDatabase.create();
  await database.query('public', 'CREATE SCHEMA service');
  const extra = { options: '-c search_path=service' };
  const { migrations } = service;
  db = await new DataSource({ type: 'postgres', url: database.url, schema: 'service', extra, migrations }).initialize();
});
afterAll(async () => {
  await db?.destroy();
  await database?.drop();
});

/** Tables, sequences, indexes and functions, but for what TypeORM keeps its own books in. */
const objects = async (): Promise<string[]> => {
  const rows = await database.query<{ name: string }>(
    'service',
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'service'::regnamespace AND relname NOT LIKE '%migrations%' AND relname NOT LIKE 'PK\\_%'
     UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'service'::regnamespace ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
};

describe('the migrations', () => {
  it('go up, go down without leaving anything behind, and up again to the same schema', async () => {
    await db.runMigrations();
    const there = await objects();
    expect(there).toEqual(
      expect.arrayContaining([
        'ticket',
        'ticket_history',
        'ticket_code',
        'ticket_search',
        'customer',
        'contact',
        'bigrams',
      ]),
    );
    for (let left = service.migrations.length; left > 0; left--) await db.undoLastMigration();
    expect(await objects()).toEqual([]);
    await db.runMigrations();
    expect(await objects()).toEqual(there);
  });
});

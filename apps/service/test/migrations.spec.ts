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
        'ticket_terms',
        'customer',
        'contact',
        'pairs',
      ]),
    );
    for (let left = service.migrations.length; left > 0; left--) await db.undoLastMigration();
    expect(await objects()).toEqual([]);
    await db.runMigrations();
    expect(await objects()).toEqual(there);
  });

  it('SVC-7, SVC-6: keep what was there before: timelines in their order, and archived tickets and customers are found', async () => {
    const since = service.migrations.findIndex(({ name }) => name.startsWith('TicketHistory'));
    const undo = async () => {
      for (let left = service.migrations.length - since; left > 0; left--) await db.undoLastMigration();
    };
    await undo();
    const id = (n: number) => `01900000-0000-7000-8000-00000000000${n}`;
    const sql = (text: string, parameters?: unknown[]) => database.query('service', text, parameters);
    await sql(`INSERT INTO customer VALUES ($1, 'Ａcme Trading-Co', false)`, [id(1)]);
    await sql(`INSERT INTO contact VALUES ($1, $2)`, [id(2), id(1)]);
    for (const [n, status] of [
      [3, 'created'],
      [4, 'archived'],
    ] as const)
      await sql(
        `INSERT INTO ticket (id, code, version, status, type, priority, summary, request, customer_id, creator_id, created_at, assignee_id, round,
           handling, satisfaction, archived_at, search_text)
         SELECT $1, 'TKT-' || $2::text, 1, $2, 'complaint', 'low', '打印机 jams', 'It jams', $3, $3, now(), CASE WHEN archived THEN $3::uuid END, 1,
           CASE WHEN archived THEN 'Cleaned' END, CASE WHEN archived THEN 5 END, CASE WHEN archived THEN timestamptz '2026-01-02' END, ''
         FROM (SELECT $2 = 'archived' AS archived) x`,
        [id(n), status, id(1)],
      );
    const history = [
      [id(9), '2026-01-01', 'created'],
      [id(7), '2026-01-02', 'updated'],
      [id(8), '2026-01-02', 'assigned'],
    ];
    for (const [entry, at, act] of history)
      await sql(`INSERT INTO ticket_history VALUES ($1, $2, $3, $4, $5, '{"n": 1}')`, [entry, id(4), at, id(1), act]);

    await db.runMigrations();
    const timeline = `SELECT act, actor_id AS actor, details FROM ticket_history WHERE ticket_id = $1 ORDER BY id`;
    const entry = (act: string) => ({ act, actor: id(1), details: { n: 1 } });
    expect(await sql(timeline, [id(4)])).toEqual(['created', 'edited', 'assigned'].map(entry));
    await sql(`INSERT INTO ticket_history (ticket_id, at, act, details) VALUES ($1, now(), 'returned', '{}')`, [id(4)]);
    expect(await sql(`SELECT ticket_id AS id, terms FROM ticket_terms`)).toEqual([
      { id: id(4), terms: ['打印', '印机', 'jam', 'clean'] },
    ]);
    expect(await sql(`SELECT search_text FROM customer`)).toEqual([{ search_text: 'acmetradingco' }]);
    expect(await sql(`SELECT name, removed FROM contact`)).toEqual([{ name: null, removed: false }]);

    await undo();
    const acts = await sql(`SELECT act, actor_id AS actor FROM ticket_history ORDER BY id`);
    expect(acts.map(({ act }) => act)).toEqual(['created', 'updated', 'assigned', 'returned']);
    expect(acts[3]).toMatchObject({ actor: '00000000-0000-0000-0000-000000000000' });
    await db.runMigrations();
  });
});

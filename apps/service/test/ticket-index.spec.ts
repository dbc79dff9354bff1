import { type Actor, ServiceRoutes } from '#contracts';
import type { ListQuery } from '#platform';
import { TestDatabase } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource, QueryRunner } from 'typeorm';
import { service } from '../src/service.module.js';
import { SimilarTickets } from '../src/ticket/similar-tickets.js';
import { TicketQueries } from '../src/ticket/ticket.queries.js';

const ROWS = 100_000;
const SOMEBODY = '01900000-0000-7000-8000-000000000001';
const manager: Actor = { id: SOMEBODY, name: 'somebody', kind: 'user', rights: { 'ticket.read': 'all' } };

let database: TestDatabase;
const sql = (text: string, parameters?: unknown[]) => database.query('service', text, parameters);

beforeAll(async () => {
  database = await TestDatabase.create();
  await database.query('public', 'CREATE SCHEMA service');
  for (const Migration of service.migrations) await new Migration().up({ query: sql } as unknown as QueryRunner);
  // Indexes that are made at the end are made faster.
  const indexes = await sql(`SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'service' AND tablename IN ('ticket', 'ticket_terms', 'customer') AND indexdef NOT LIKE '%UNIQUE%'`);
  await sql(`DROP INDEX ${indexes.map(({ indexname }) => indexname).join(', ')}`);
  const id = (kind: number, number: string) =>
    `('01900000-0000-7000-800${kind}-' || lpad(to_hex(${number}), 12, '0'))::uuid`;
  await sql(`INSERT INTO customer (id, name, deleted, search_text)
    SELECT ${id(1, 'n')}, 'Company ' || n, false, 'company' || n || chr(20000 + n % 5000) FROM generate_series(0, 9999) n`);
  // All but one in a hundred are archived; a hundred people; each word of the texts stands in 20 tickets.
  await sql(`INSERT INTO ticket (id, code, version, status, type, priority, summary, request, customer_id, contact_id, creator_id,
      created_at, assignee_id, assigned_at, round, handling, handled_at, result, satisfaction, archived_at, search_text)
    SELECT ${id(0, 'n')}, 'TKT-' || n, 1, status, 'type' || n % 200, CASE n % 500 WHEN 0 THEN 'urgent' ELSE 'normal' END, 'summary', 'request',
      ${id(1, 'n % 10000')}, ${id(2, 'n % 20000')}, ${id(0, 'n % 100')}, at, CASE WHEN status <> 'created' THEN ${id(0, 'n * 7 % 100')} END,
      CASE WHEN status <> 'created' THEN at + interval '1 hour' END, 1, CASE WHEN status = 'archived' THEN 'done' END,
      CASE WHEN status = 'archived' THEN at + interval '1 day' END, CASE WHEN status = 'archived' THEN 'content' END,
      CASE WHEN status = 'archived' THEN 3 + (n % 300 > 0)::int END, CASE WHEN status = 'archived' THEN at + interval '2 days' END,
      'tkt' || n || E'\\n' || chr(20000 + n % 5000) || chr(30000 + n % 5000)
    FROM (SELECT n, timestamptz '2020-01-01' + n * interval '10 minutes' AS at,
                 CASE WHEN n % 100 > 0 THEN 'archived' ELSE (ARRAY['created', 'assigned'])[n / 100 % 2 + 1] END AS status
            FROM generate_series(0, ${ROWS - 1}) n) x`);
  await sql(`INSERT INTO ticket_terms SELECT id, archived_at,
      ARRAY['common', 'half' || right(code, 1)::int % 2, 'third' || length(code) % 3, 'word' || substr(code, 5)::int / 20]
    FROM ticket WHERE status = 'archived'`);
  for (const { indexdef } of indexes) await sql(String(indexdef));
  for (const table of ['customer', 'ticket', 'ticket_terms']) await sql(`VACUUM ANALYZE ${table}`);
}, 180_000);
afterAll(() => database?.drop());

/** The plans of the statements that a list request runs. */
async function planOf(query: Partial<ListQuery>, actor = manager): Promise<string> {
  const plans: string[] = [];
  const pool = {
    query: async ({ text, values }: { text: string; values: unknown[] }) => {
      const rows = await sql(`EXPLAIN ${text}`, values);
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
      return { rows: [] };
    },
  };
  const explain = { manager: { dataSource: { driver: { master: pool } } } } as unknown as DataSource;
  await new TicketQueries(explain).list(
    { conditions: [], sort: 'createdAt', descending: true, limit: 50, count: false, fingerprint: '', ...query },
    actor,
  );
  return plans.join('\n');
}

const is = (field: string, ...values: (string | number)[]): ListQuery['conditions'] => [
  { field, operator: 'in', values },
];
const between = (field: string, from: string, to: string): ListQuery['conditions'] => [
  { field, operator: '>=', values: [from] },
  { field, operator: '<', values: [to] },
];
const SCANS_TICKETS = /Seq Scan on ticket/;

describe('the list of 100,000 tickets', () => {
  const FILTERS: Record<keyof typeof ServiceRoutes.listTickets.list.filters, [ListQuery['conditions'], string]> = {
    status: [is('status', 'created'), 'ticket_by_status'],
    type: [is('type', 'type7', 'type8'), 'ticket_by_type'],
    priority: [is('priority', 'urgent'), 'ticket_by_priority'],
    customerId: [is('customerId', '01900000-0000-7000-8001-000000000007'), 'ticket_by_customer'],
    customerName: [[{ field: 'customerName', operator: 'contains', values: ['pany 777'] }], 'customer_search'],
    contactId: [is('contactId', '01900000-0000-7000-8002-000000000007'), 'ticket_by_contact'],
    assigneeId: [is('assigneeId', SOMEBODY), 'ticket_by_assignee'],
    creatorId: [is('creatorId', SOMEBODY), 'ticket_by_creator'],
    satisfaction: [is('satisfaction', 3), 'ticket_satisfaction_rank'],
    createdAt: [between('createdAt', '2020-03-01', '2020-03-02'), 'ticket_created_at'],
    assignedAt: [between('assignedAt', '2020-03-01', '2020-03-02'), 'ticket_assigned_at'],
    handledAt: [between('handledAt', '2020-03-01', '2020-03-02'), 'ticket_handled_at'],
    archivedAt: [between('archivedAt', '2020-03-01', '2020-03-02'), 'ticket_archived_at'],
  };
  it.each(Object.entries(FILTERS))('SVC-6: is filtered by %s with an index', async (_, [conditions, index]) => {
    const plan = await planOf({ conditions, count: true });
    expect(plan).toContain(index);
    expect(plan).not.toMatch(SCANS_TICKETS);
  });

  const SORTS: Record<(typeof ServiceRoutes.listTickets.list.sorts)[number], [index: string, value: unknown]> = {
    createdAt: ['ticket_created_at', '2020-03-01'],
    assignedAt: ['ticket_assigned_at', '2020-03-01'],
    handledAt: ['ticket_handled_at', '-infinity'],
    archivedAt: ['ticket_archived_at', '2020-03-01'],
    priority: ['ticket_priority_rank', 2],
    satisfaction: ['ticket_satisfaction_rank', 4],
  };
  it.each(Object.entries(SORTS))('SVC-6: is read page by page in the order of %s', async (sort, [index, value]) => {
    for (const descending of [true, false])
      for (const after of [undefined, { value, id: SOMEBODY }]) {
        const plan = await planOf({ sort, descending, after });
        expect(plan).toContain(index);
        expect(plan).not.toMatch(/Seq Scan on ticket|Sort {2}/);
      }
  });

  it.each([
    ['two Chinese characters', String.fromCodePoint(20777, 30777), true],
    ['one Chinese character', String.fromCodePoint(20777), true],
    ['a number', 'tkt4321', true],
    ['one letter', 't', false],
  ])('SVC-6: %s is searched without reading the table', async (_, q, byIndex) => {
    const plan = await planOf({ q, count: byIndex });
    expect(plan).toContain(byIndex ? 'ticket_search' : 'ticket_created_at');
    expect(plan).not.toMatch(SCANS_TICKETS);
  });

  it('AUT-6: of those that somebody made or handles, every page is answered by indexes', async () => {
    const own: Actor = { ...manager, rights: { 'ticket.read': 'own' } };
    for (const after of [undefined, { value: '2020-03-01', id: SOMEBODY }])
      expect(await planOf({ after }, own)).not.toMatch(SCANS_TICKETS);
  });
});

describe('similar tickets among 100,000', () => {
  /** The steps of what runs for a text, with how many rows each gave. */
  async function run(text: string, actor = manager): Promise<{ plans: string[]; most: number }> {
    const plans: string[] = [];
    const pool = {
      query: async ({ text: statement, values }: { text: string; values: unknown[] }) => {
        const rows = await sql(`EXPLAIN (ANALYZE, TIMING OFF) ${statement}`, values);
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return { rows: await sql(statement, values) };
      },
    };
    // How common its terms are is asked beside it.
    const db = { query: sql, manager: { dataSource: { driver: { master: pool } } } };
    await new SimilarTickets(db as unknown as DataSource).to({ text, limit: 10 }, actor);
    const rows = [...plans.join('\n').matchAll(/actual rows=([\d.]+) loops=(\d+)/g)];
    return { plans, most: Math.max(...rows.map(([, each, loops]) => Number(each) * Number(loops))) };
  }

  it('SVC-6: rare words are looked up by their index, whatever common ones stand beside them', async () => {
    const { plans, most } = await run('common half1 third0 word123 word2345');
    expect(plans[0]).toContain('ticket_terms_any');
    expect(plans[0]).not.toMatch(SCANS_TICKETS);
    expect(most).toBeLessThan(1_000);
  });

  it('SVC-6: where all words are common, only the newest tickets are read', async () => {
    const { plans, most } = await run('common half1 third0');
    expect(plans.at(-1)).toContain('ticket_terms_newest');
    expect(plans.at(-1)).not.toMatch(/Seq Scan on ticket|ticket_terms_any/);
    expect(most).toBeLessThan(20_000);
  });

  it('SVC-6: a word that stands nowhere leaves it at that, too', async () => {
    const { plans, most } = await run('common xyzzy');
    expect(plans).toHaveLength(2);
    expect(most).toBeLessThan(20_000);
  });

  it('AUT-6: for who sees their own tickets only, the words or the tickets they own are looked up', async () => {
    const own: Actor = { ...manager, rights: { 'ticket.read': 'own' } };
    const { plans, most } = await run('common word123 word2345', own);
    expect(plans.join('\n')).not.toMatch(SCANS_TICKETS);
    // The planner takes either: a few hundred tickets with the words, or two thousand of their own.
    expect(most).toBeLessThan(5_000);
  });
});

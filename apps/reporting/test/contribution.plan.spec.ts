import type { Actor, ReportQuery } from '#contracts';
import type { ProjectionLag } from '#platform';
import { TestDatabase } from '#testing';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DataSource, QueryRunner } from 'typeorm';
import { ContributionQueries } from '../src/contribution/contribution.queries.js';
import { Contribution1763700100000 } from '../src/migrations/1763700100000-contribution.js';
import { person } from './world.js';

const CUSTOMERS = 500;

interface Plan {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: Plan[];
}

let database: TestDatabase;
const sql = (text: string, parameters?: unknown[]) => database.query('reporting', text, parameters);

beforeAll(async () => {
  database = await TestDatabase.create();
  await database.query('public', 'CREATE SCHEMA reporting');
  await new Contribution1763700100000().up({ query: sql } as unknown as QueryRunner);
  // As on the first day: nobody has counted yet what the tables hold.
  for (const table of ['customer', 'contribution']) await sql(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  await sql(`INSERT INTO customer SELECT gen_random_uuid(), 'Company ' || n, 'company ' || n, NULL, false
    FROM generate_series(1, ${CUSTOMERS}) n`);
  await sql(`INSERT INTO contribution SELECT id, 0, 'CNY', 100, 1 FROM customer`);
});
afterAll(() => database?.drop());

const rowsRead = (plan: Plan): number =>
  (plan['Relation Name'] === 'contribution'
    ? (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
    : 0) + (plan.Plans ?? []).reduce((sum, each) => sum + rowsRead(each), 0);

async function readFor(query: Partial<ReportQuery>, actor: Actor): Promise<number> {
  let read = 0;
  const explain = async (text: string, parameters: unknown[]) => {
    const [row] = await sql(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, parameters);
    for (const { Plan: plan } of row!['QUERY PLAN'] as Array<{ Plan: Plan }>) read += rowsRead(plan);
    return [];
  };
  const lag = { current: () => ({}) } as ProjectionLag;
  const queries = new ContributionQueries({ query: explain } as unknown as DataSource, lag);
  await queries.page({ sort: '-amount', format: 'json', limit: 50, count: false, ...query }, actor);
  return read;
}

it.each([
  ['of all customers', {}],
  ['by name', { sort: 'customerName' }],
  ['of customers whose name is looked for', { name: 'company' }],
] as const)(
  'REP-1: a page %s reads each contribution twice at most, also before the first ANALYZE',
  async (_, query) => {
    const read = await readFor(query, person('sales_manager'));
    expect(read).toBeGreaterThanOrEqual(CUSTOMERS);
    expect(read).toBeLessThanOrEqual(2 * CUSTOMERS);
  },
);

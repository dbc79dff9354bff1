import { MarketingRoutes } from '#contracts';
import type { ListQuery } from '#platform';
import { TestDatabase } from '#testing';
import type { DataSource, QueryRunner } from 'typeorm';
import { Opportunity1763700100000 } from '../src/migrations/1763700100000-opportunity.migration.js';
import { OpportunityRegion1763700810000 } from '../src/migrations/1763700810000-opportunity-region.migration.js';
import { OpportunityQueries } from '../src/opportunity/opportunity.queries.js';

const SOMEBODY = '01900000-0000-7000-8000-000000000001';
const ROWS = 5_000;

describe('Table and indexes of opportunities', () => {
  let database: TestDatabase;
  let leftovers: unknown[];
  const sql = (text: string, parameters?: unknown[]) => database.query('marketing', text, parameters);
  beforeAll(async () => {
    database = await TestDatabase.create();
    await database.query('public', 'CREATE SCHEMA marketing');
    const migrations = [new Opportunity1763700100000(), new OpportunityRegion1763700810000()];
    const runner = { query: sql } as unknown as QueryRunner;
    for (const migration of migrations) await migration.up(runner);
    for (const migration of migrations.toReversed()) await migration.down(runner);
    leftovers = await sql(`SELECT relname FROM pg_class WHERE relnamespace = 'marketing'::regnamespace`);
    for (const migration of migrations) await migration.up(runner);
    await sql(
      `INSERT INTO opportunity (id, code, version, status, stage, source, region, customer_name, summary, description, success_rate, expected_amount,
         currency, expected_close_date, creator_id, created_at, assignee_id, assigned_at, closed_at, close_reason, search_text)
       SELECT gen_random_uuid(), 'OPP-' || n, 1, 'lost', 'stage' || n % 50, 'source' || n % 50, 'region' || n % 500, 'Company ' || n, 'summary', 'description',
         n % 101, n, 'CNY', date '2020-01-01' + n, CASE n % 100 WHEN 0 THEN '${SOMEBODY}' ELSE gen_random_uuid() END, timestamptz '2020-01-01' + n * interval '1 hour',
         CASE n % 100 WHEN 1 THEN '${SOMEBODY}' ELSE gen_random_uuid() END, timestamptz '2020-01-01' + n * interval '1 hour', timestamptz '2020-01-01' + n * interval '1 hour', 'reason',
         'opp' || n || E'\n' || 'company' || n || chr(20000 + n) || chr(30000 + n)
       FROM generate_series(1, ${ROWS}) n`,
    );
    await sql('ANALYZE opportunity');
  });
  afterAll(() => database?.drop());

  it('the migration leaves nothing behind when it is taken back', () => expect(leftovers).toEqual([]));

  /** The plan of the statement that a list request runs. */
  async function planOf(query: Partial<ListQuery>, own = false): Promise<string> {
    const plans: string[] = [];
    const pool = {
      query: async ({ text, values }: { text: string; values: unknown[] }) => {
        // What lies below a region: nothing, in this database without a dictionary.
        if (text.startsWith('WITH RECURSIVE')) return { rows: (values[1] as string[]).map((code) => ({ code })) };
        const rows = await sql(`EXPLAIN ${text}`, values);
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return { rows: [] };
      },
    };
    const explain = { manager: { dataSource: { driver: { master: pool } } } } as unknown as DataSource;
    const rights = { 'opportunity.read': own ? 'own' : 'all' } as const;
    await new OpportunityQueries(explain).list(
      { conditions: [], sort: 'createdAt', descending: true, limit: 50, count: false, fingerprint: '', ...query },
      { id: SOMEBODY, name: 'somebody', kind: 'user', rights },
    );
    return plans.join('\n');
  }

  const day = '2020-03-01';
  const range = (field: string, from: unknown, to: unknown): ListQuery['conditions'] => [
    { field, operator: '>=', values: [from as string] },
    { field, operator: '<', values: [to as string] },
  ];
  const FILTERS: Record<
    keyof typeof MarketingRoutes.listOpportunities.list.filters,
    [ListQuery['conditions'], string]
  > = {
    status: [[{ field: 'status', operator: 'in', values: ['unassigned', 'won'] }], 'opportunity_by_status'],
    stage: [[{ field: 'stage', operator: 'in', values: ['stage7'] }], 'opportunity_by_stage'],
    source: [[{ field: 'source', operator: 'in', values: ['source7'] }], 'opportunity_by_source'],
    region: [[{ field: 'region', operator: 'in', values: ['region7', 'region8'] }], 'opportunity_by_region'],
    assigneeId: [[{ field: 'assigneeId', operator: 'in', values: [SOMEBODY] }], 'opportunity_by_assignee'],
    creatorId: [[{ field: 'creatorId', operator: 'in', values: [SOMEBODY] }], 'opportunity_by_creator'],
    customerName: [[{ field: 'customerName', operator: 'contains', values: ['company 4321'] }], 'opportunity_search'],
    successRate: [[{ field: 'successRate', operator: '>', values: [100] }], 'opportunity_by_rate'],
    expectedAmount: [range('expectedAmount', '10', '20'), 'opportunity_by_amount'],
    currency: [[{ field: 'currency', operator: 'in', values: ['USD'] }], 'opportunity_by_currency'],
    createdAt: [range('createdAt', day, '2020-03-02'), 'opportunity_created'],
    assignedAt: [range('assignedAt', day, '2020-03-02'), 'opportunity_assigned_at'],
    closedAt: [range('closedAt', day, '2020-03-02'), 'opportunity_closed_at'],
    expectedCloseDate: [range('expectedCloseDate', day, '2020-03-04'), 'opportunity_close_date'],
  };

  it.each(Object.entries(FILTERS))('MKT-8: the filter %s is answered by an index', async (_, [conditions, index]) => {
    expect(await planOf({ conditions })).toContain(index);
  });

  it.each([
    ['createdAt', 'opportunity_created', '2020-03-01'],
    ['successRate', 'opportunity_by_rate', '50'],
    ['customerName', 'opportunity_by_name', 'Company 5'],
    ['expectedAmount', 'opportunity_by_amount', '50'],
  ])('MKT-8: pages sorted by %s are read in the order of an index', async (sort, index, value) => {
    for (const descending of [true, false]) {
      const plan = await planOf({ sort, descending, after: { value, id: SOMEBODY } });
      expect(plan).toContain(index);
      expect(plan).not.toMatch(/Seq Scan|Sort {2}/);
    }
  });

  it('MKT-8: q is answered by an index', async () => {
    expect(await planOf({ q: String.fromCharCode(20777, 30777) })).toContain('opportunity_search');
  });

  it.each<[string, Partial<ListQuery>]>([
    ['the first page', {}],
    ['a later page', { after: { value: '2020-03-01', id: SOMEBODY } }],
    ['the count', { count: true }],
  ])('MKT-3, MKT-8: of what somebody created or is assigned to, %s is answered by indexes', async (_, query) => {
    const plans = await planOf(query, true);
    expect(plans).toContain('opportunity_by_creator');
    expect(plans).toContain('opportunity_by_assignee');
    expect(plans).not.toContain('Seq Scan');
  });
});

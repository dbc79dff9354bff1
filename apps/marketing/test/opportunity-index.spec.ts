import { MarketingRoutes } from '#contracts';
import type { ListQuery } from '#platform';
import { TestDatabase } from '#testing';
import type { DataSource, QueryRunner } from 'typeorm';
import { MIGRATIONS } from '../src/app.js';
import { OpportunityQueries } from '../src/opportunity/opportunity.queries.js';

const SOMEBODY = '01900000-0000-7000-8000-000000000000';
const NEWCOMER = '01900000-0000-7000-8000-0000000000ff';
const ROWS = 100_000;
/** Anything from 0 to `below`, by chance, but the same each time. */
const any = (salt: number, below: number) => `abs(hashint8(n * 16 + ${salt})::bigint) % ${below}`;
/** Forty people; nothing is the newcomer's. */
const person = (salt: number) =>
  `('01900000-0000-7000-8000-0000000000' || lpad((${any(salt, 40)})::text, 2, '0'))::uuid`;

/** Of a hundred, one is unassigned, four are assigned, fifteen won and the rest lost; only the last stage is won. */
const OPPORTUNITIES = `
  INSERT INTO opportunity (id, code, version, status, stage, source, region, customer_name, summary, description, success_rate,
    expected_amount, currency, expected_close_date, creator_id, created_at, assignee_id, assigned_at, closed_at, close_reason,
    customer_id, external_id, search_text)
  SELECT gen_random_uuid(), 'OPP-' || n, 1, status, CASE status WHEN 'unassigned' THEN 'prospecting' WHEN 'won' THEN 'stage3' ELSE 'stage' || ${any(1, 4)} END,
    'source' || ${any(2, 5)}, CASE WHEN ${any(3, 3)} > 0 THEN 'region' || ${any(4, 300)} END, name, 'summary', 'description',
    ${any(5, 101)}, CASE WHEN ${any(6, 3)} > 0 THEN n END, CASE ${any(7, 50)} WHEN 0 THEN 'USD' ELSE 'CNY' END,
    CASE WHEN ${any(8, 4)} > 0 THEN date '2020-01-01' + n / 50 END, ${person(9)}, at,
    CASE WHEN status <> 'unassigned' THEN ${person(10)} END, CASE WHEN status <> 'unassigned' THEN at END,
    CASE WHEN status IN ('won', 'lost') THEN at END, 'reason', CASE status WHEN 'won' THEN gen_random_uuid() END,
    CASE WHEN n % 2 > 0 THEN 'X' || n END, name
  FROM (
    SELECT n, timestamptz '2020-01-01' + n * interval '1 minute' AS at, chr(20000 + n % 8000) || chr(30000 + n % 7000) AS name,
      CASE WHEN chance = 0 THEN 'unassigned' WHEN chance < 5 THEN 'assigned' WHEN chance < 20 THEN 'won' ELSE 'lost' END AS status
    FROM generate_series(1, ${ROWS}) n, LATERAL (SELECT ${any(11, 100)} AS chance) c) o`;

describe('Indexes of opportunities', () => {
  let database: TestDatabase;
  const sql = (text: string, parameters?: unknown[]) => database.query('marketing', text, parameters);
  beforeAll(async () => {
    database = await TestDatabase.create();
    await database.query('public', 'CREATE SCHEMA marketing');
    for (const Migration of MIGRATIONS) await new Migration().up({ query: sql } as unknown as QueryRunner);
    const indexes = await sql(
      `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'opportunity' AND indexname NOT IN (SELECT conname FROM pg_constraint)`,
    );
    // Made anew over all rows at once, which takes a fraction of the time.
    await sql(`DROP INDEX ${indexes.map(({ indexname }) => indexname).join(', ')}`);
    await sql(OPPORTUNITIES);
    for (const { indexdef } of indexes) await sql(indexdef as string);
    await sql('ANALYZE opportunity');
  }, 120_000);
  afterAll(() => database?.drop());

  interface Node {
    'Node Type': string;
    'Actual Rows': number;
    'Actual Loops': number;
    'Rows Removed by Filter'?: number;
    Plans?: Node[];
  }
  const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

  /** Runs the list request under EXPLAIN: the kinds of node of its plans, and the rows that its scans looked at. */
  async function read(query: Partial<ListQuery>, who?: string): Promise<{ kinds: string[]; rows: number }> {
    const nodes: Node[] = [];
    const pool = {
      query: async ({ text, values, name }: { text: string; values: unknown[]; name?: string }) => {
        // The regions below one are looked up in the dictionary, which is small.
        if (text.includes('dictionary_entry')) return { rows: await sql(text, values) };
        // A statement that is prepared comes to a plan for all values; one that is not, is planned for those it has.
        if (name && who) throw new Error('a plan for all people would be a bad one for those who own next to nothing');
        const [plan] = await sql(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`, values);
        nodes.push(...nodesOf((plan!['QUERY PLAN'] as { Plan: Node }[])[0]!.Plan));
        return { rows: [] };
      },
    };
    const explain = { manager: { dataSource: { driver: { master: pool } } } } as unknown as DataSource;
    await new OpportunityQueries(explain).list(
      { conditions: [], sort: 'createdAt', descending: true, limit: 50, count: false, fingerprint: '', ...query },
      { id: who ?? SOMEBODY, name: 'somebody', kind: 'user', rights: { 'opportunity.read': who ? 'own' : 'all' } },
    );
    const rows = nodes
      .filter((node) => node['Node Type'].endsWith('Scan') && node['Node Type'] !== 'Bitmap Index Scan')
      .map((node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']);
    return { kinds: nodes.map((node) => node['Node Type']), rows: rows.reduce((sum, each) => sum + each, 0) };
  }

  /** Twice of what is somebody's own. */
  const FEW = ROWS / 10;
  async function expectFew(query: Partial<ListQuery>, who?: string, few = FEW): Promise<void> {
    const { kinds, rows } = await read(query, who);
    if (kinds.includes('Seq Scan') || rows >= few) throw new Error(JSON.stringify({ query, who, kinds, rows }));
  }

  type Conditions = ListQuery['conditions'];
  const is = (field: string, ...values: (string | number)[]): Conditions => [{ field, operator: 'in', values }];
  const range = (field: string, from: string, to: string): Conditions => [
    { field, operator: '>=', values: [from] },
    { field, operator: '<', values: [to] },
  ];
  const NAME = String.fromCharCode(20777, 30777);
  const FILTERS: Record<keyof typeof MarketingRoutes.listOpportunities.list.filters, Conditions> = {
    code: is('code', 'OPP-777', 'OPP-778'),
    externalId: is('externalId', 'X777'),
    status: is('status', 'unassigned', 'won'),
    stage: is('stage', 'prospecting'),
    source: is('source', 'source3'),
    region: is('region', 'region7'),
    customerId: is('customerId', NEWCOMER),
    assigneeId: is('assigneeId', SOMEBODY),
    creatorId: is('creatorId', SOMEBODY),
    customerName: [{ field: 'customerName', operator: 'contains', values: [NAME] }],
    successRate: [{ field: 'successRate', operator: '>', values: [99] }],
    expectedAmount: [{ field: 'expectedAmount', operator: '<', values: ['500'] }],
    currency: is('currency', 'USD'),
    createdAt: range('createdAt', '2020-02-01', '2020-02-02'),
    assignedAt: range('assignedAt', '2020-02-01', '2020-02-02'),
    closedAt: range('closedAt', '2020-02-01', '2020-02-02'),
    expectedCloseDate: range('expectedCloseDate', '2021-03-01', '2021-03-04'),
  };
  const SORTS: Record<(typeof MarketingRoutes.listOpportunities.list.sorts)[number], string> = {
    createdAt: '2020-02-01',
    assignedAt: '2020-02-01',
    closedAt: '-infinity',
    expectedCloseDate: '2021-02-01',
    successRate: '50',
    expectedAmount: '50000',
    customerName: NAME,
  };
  const sorts = Object.entries(SORTS).flatMap(([sort, value]) =>
    [true, false].flatMap((descending) => [
      { sort, descending },
      { sort, descending, after: { value, id: SOMEBODY } },
    ]),
  );

  it.each(Object.entries(FILTERS))('MKT-8: the filter %s looks at few rows', async (_, conditions) => {
    await expectFew({ conditions });
    await expectFew({ conditions }, SOMEBODY);
  });

  it('MKT-8: a limit in the past on assignment and closing looks at few rows, newest first', async () => {
    for (const field of ['createdAt', 'assignedAt', 'closedAt'])
      await expectFew({ conditions: [{ field, operator: '<=', values: ['2020-01-15'] }] });
  });

  it.each(Object.keys(SORTS))('MKT-8: pages sorted by %s look at few rows', async (field) => {
    for (const page of sorts.filter(({ sort }) => sort === field))
      for (const who of [undefined, SOMEBODY, NEWCOMER]) await expectFew(page, who);
  });

  it('MKT-8: what hardly exists, such as won ones in an early stage, looks at no more than the won ones', async () => {
    const conditions = [...is('status', 'won'), ...is('stage', 'stage1')];
    for (const page of sorts) await expectFew({ ...page, conditions }, undefined, ROWS / 5);
  });

  it('MKT-8: q looks at few rows', async () => {
    for (const who of [undefined, SOMEBODY, NEWCOMER]) await expectFew({ q: NAME }, who);
  });

  it('MKT-3, MKT-8: the count of what somebody created or is assigned to looks at what is theirs', async () => {
    const { kinds, rows } = await read({ count: true }, SOMEBODY);
    expect(kinds).not.toContain('Seq Scan');
    expect(rows).toBeLessThan(ROWS / 5);
  });
});

import type { Actor, Right } from '#contracts';
import { ChurnRoutes, SalesRoutes } from '#contracts';
import type { ListQuery } from '#platform';
import { DICTIONARY_MIGRATIONS, PeopleMigration, systemContext } from '#platform';
import { TestDatabase } from '#testing';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import type { DataSource, QueryRunner } from 'typeorm';
import { MIGRATIONS } from '../src/app.js';
import { ChurnQueries } from '../src/churn/churn.queries.js';
import { SalesQueries } from '../src/sales/sales.queries.js';

const ROWS = 40_000;
const FEW = ROWS / 10;
/** Of a thing by its number; four hundred people own customers, the newcomer none. */
const uuid = (kind: number, n: string) => `('0190000${kind}-0000-7000-8000-' || lpad((${n})::text, 12, '0'))::uuid`;
const SOMEBODY = '01900001-0000-7000-8000-000000000001';
const NEWCOMER = '01900001-0000-7000-8000-000000009999';
const CUSTOMER = '01900002-0000-7000-8000-000000000777';
/** Anything from 0 to `below`, by chance, but the same each time. */
const any = (salt: number, below: number) => `abs(hashint8(n * 16 + ${salt})::bigint) % ${below}`;
const name = (n: string) => `chr(20000 + (${n}) % 8000) || chr(30000 + (${n}) % 7000)`;
const NAME = String.fromCharCode(20777, 30777);

const DATA = [
  `INSERT INTO customer (id, code, version, status, name, folded_name, owner_id, tags, search_text, created_at)
   SELECT ${uuid(2, 'n')}, 'X-' || n, 1, 'at_risk', ${name('n')}, ${name('n')}, ${uuid(1, any(1, 400))}, '{}', ${name('n')}, '2020-01-01'
     FROM generate_series(1, ${ROWS}) n`,
  `INSERT INTO churn_alert (id, customer_id, version, status, last_order_date, since, as_of, period_start, raised_at, reason, lost_at, recovered_at)
   SELECT ${uuid(3, 'n')}, ${uuid(2, 'n')}, 1, status, CASE ${any(2, 2)} WHEN 0 THEN since END, since, '2030-01-01', '2029-07-01', at,
          CASE status WHEN 'lost' THEN 'reason' END, CASE status WHEN 'lost' THEN at END, CASE status WHEN 'recovered' THEN at END
     FROM (SELECT n, date '2020-01-01' + n / 20 AS since, timestamptz '2025-01-01' + n * interval '1 minute' AS at,
                  CASE WHEN chance = 0 THEN 'postponed' WHEN chance < 5 THEN 'warning' WHEN chance < 9 THEN 'lost' ELSE 'recovered' END AS status
             FROM generate_series(1, ${ROWS}) n, LATERAL (SELECT ${any(3, 100)} AS chance) c) a`,
  `INSERT INTO product (id, key, version, name, type, search_text)
   SELECT ${uuid(4, 'n')}, 'P' || n, 1, ${name('n')}, 'type' || ${any(4, 100)}, 'p' || n || chr(10) || ${name('n')} FROM generate_series(1, ${ROWS}) n`,
  `INSERT INTO stock (id, key, version, product_key, warehouse, quantity, search_text)
   SELECT ${uuid(5, 'n')}, 'S' || n, 1, 'P' || n, 'W' || ${any(5, 50)}, 1, 's' || n FROM generate_series(1, ${ROWS}) n`,
  `INSERT INTO sales_order (id, key, version, customer_ref, customer_id, date, status, currency, total)
   SELECT ${uuid(6, 'n')}, 'O' || n, 1, 'X', CASE WHEN n % 100 > 0 THEN ${uuid(2, `1 + ${any(6, ROWS)}`)} END, date '2020-01-01' + n / 20,
          CASE WHEN n < 100 THEN 'unpaid' WHEN n < 200 THEN 'cancelled' ELSE 'paid' END, CASE WHEN n < 100 THEN 'USD' ELSE 'CNY' END, 1
     FROM generate_series(1, ${ROWS}) n`,
  `INSERT INTO feed_rejection (id, kind, key, reason, reason_zh, item, digest, rejected_at)
   SELECT ${uuid(7, 'n')}, CASE WHEN n < 100 THEN 'stock' ELSE 'order' END, 'R' || n, 'reason', '原因', '{}', n, timestamptz '2020-01-01' + n * interval '1 minute'
     FROM generate_series(1, ${ROWS}) n`,
];

type Lists = 'alerts' | 'products' | 'stock' | 'orders' | 'unmatched' | 'rejections' | 'history';
const DEFINITIONS = {
  alerts: ChurnRoutes.listChurnAlerts.list,
  products: SalesRoutes.listProducts.list,
  stock: SalesRoutes.listStock.list,
  orders: SalesRoutes.listOrders.list,
  unmatched: SalesRoutes.listUnmatchedOrders.list,
  rejections: SalesRoutes.listFeedRejections.list,
  history: SalesRoutes.listCustomerOrders.list,
};
type Conditions = ListQuery['conditions'];
const is = (field: string, ...values: string[]): Conditions => [{ field, operator: 'in', values }];
const range = (field: string, from: string, to: string): Conditions => [
  { field, operator: '>=', values: [from] },
  { field, operator: '<', values: [to] },
];
const ORDERS = {
  key: is('key', 'O7', 'O8'),
  status: is('status', 'unpaid', 'cancelled'),
  customerId: is('customerId', CUSTOMER),
  date: range('date', '2021-01-01', '2021-01-03'),
  currency: is('currency', 'USD'),
};
const FILTERS: { [L in Lists]: Record<keyof (typeof DEFINITIONS)[L]['filters'], Conditions> } = {
  alerts: {
    status: is('status', 'postponed', 'lost'),
    ownerId: is('ownerId', SOMEBODY),
    customerId: is('customerId', CUSTOMER),
    raisedAt: range('raisedAt', '2025-01-02', '2025-01-03'),
    lastOrderDate: range('lastOrderDate', '2020-02-01', '2020-02-10'),
    lostAt: range('lostAt', '2025-01-02', '2025-01-06'),
  },
  products: {
    key: is('key', 'P7'),
    type: is('type', 'type7', 'type8'),
    name: [{ field: 'name', operator: 'contains', values: [NAME] }],
  },
  stock: { productKey: is('productKey', 'P7', 'P8'), warehouse: is('warehouse', 'W7') },
  orders: ORDERS,
  unmatched: ORDERS,
  rejections: {
    kind: is('kind', 'stock'),
    key: is('key', 'R7'),
    rejectedAt: range('rejectedAt', '2020-01-02', '2020-01-03'),
  },
  history: ORDERS,
};
/** A place in the middle of the list, for each of its sorts. */
const SORTS: { [L in Lists]: Record<(typeof DEFINITIONS)[L]['sorts'][number], string> } = {
  alerts: { raisedAt: '2025-01-10', since: '2022-01-01' },
  products: { name: NAME },
  stock: { warehouse: 'W30' },
  orders: { date: '2022-01-01' },
  unmatched: { date: '2022-01-01' },
  rejections: { rejectedAt: '2020-01-10' },
  history: { date: '2022-01-01' },
};

describe('Indexes of churn alerts and of what was fed', () => {
  let database: TestDatabase;
  const sql = (text: string, parameters?: unknown[]) => database.query('customer', text, parameters);
  beforeAll(async () => {
    database = await TestDatabase.create();
    await database.query('public', 'CREATE SCHEMA customer');
    const runner = { query: sql } as unknown as QueryRunner;
    for (const Migration of [PeopleMigration, ...DICTIONARY_MIGRATIONS, ...MIGRATIONS])
      await new Migration().up(runner);
    for (const statement of DATA) await sql(statement);
    await sql('VACUUM ANALYZE customer, churn_alert, product, stock, sales_order, feed_rejection');
  }, 300_000);
  afterAll(() => database?.drop());

  interface Node {
    'Node Type': string;
    'Actual Rows': number;
    'Actual Loops': number;
    'Rows Removed by Filter'?: number;
    Plans?: Node[];
  }
  const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

  /** Runs the list request under EXPLAIN; fails when its scans looked at more than a few rows. */
  async function expectFew(list: Lists, query: Partial<ListQuery>, own?: string): Promise<void> {
    const nodes: Node[] = [];
    const pool = {
      query: async ({ text, values }: { text: string; values: unknown[] }) => {
        if (text.startsWith('SELECT 1 FROM customer')) return { rows: [{}] };
        const [plan] = await sql(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`, values);
        nodes.push(...nodesOf((plan!['QUERY PLAN'] as { Plan: Node }[])[0]!.Plan));
        return { rows: [] };
      },
    };
    const explain = {
      manager: { dataSource: { driver: { master: pool } } },
      query: () => Promise.resolve([{}]),
    } as unknown as DataSource;
    const rights = Object.fromEntries(
      (['churn.read', 'order.read', 'customer.read'] satisfies Right[]).map((right) => [right, own ? 'own' : 'all']),
    );
    const actor: Actor = { id: own ?? SOMEBODY, name: 'somebody', kind: 'user', rights };
    const { defaultSort } = DEFINITIONS[list];
    const asked: ListQuery = {
      conditions: [],
      sort: defaultSort.replace('-', ''),
      descending: defaultSort.startsWith('-'),
      limit: 50,
      count: false,
      fingerprint: '',
      ...query,
    };
    const [alerts, sales] = [new ChurnQueries(explain), new SalesQueries(explain)];
    await {
      alerts: () => alerts.list(asked, actor),
      products: () => sales.products(asked, actor),
      stock: () => sales.stock(asked, actor),
      orders: () => sales.orders(asked, actor),
      unmatched: () => sales.unmatchedOrders(asked, actor),
      rejections: () => sales.rejections({ ...systemContext(), actor }, asked),
      history: () => sales.ordersOf(CUSTOMER, asked, actor),
    }[list]();
    const rows = nodes
      .filter((node) => node['Node Type'].endsWith('Scan') && node['Node Type'] !== 'Bitmap Index Scan')
      .map((node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'])
      .reduce((sum, each) => sum + each, 0);
    const kinds = nodes.map((node) => node['Node Type']);
    if (rows >= FEW || kinds.length === 0) throw new Error(JSON.stringify({ list, query, own, rows, kinds }));
  }

  const lists = Object.keys(DEFINITIONS) as Lists[];
  it.each(
    lists.flatMap((list) => Object.entries<Conditions>(FILTERS[list]).map((filter) => [list, ...filter] as const)),
  )('FEED-3, FEED-4, CHU-5: %s by %s look at few rows', async (list, _, conditions) => {
    await expectFew(list, { conditions });
  });

  it.each(lists)('FEED-4, CHU-5: pages of %s look at few rows, in every order', async (list) => {
    for (const [sort, value] of Object.entries<string>(SORTS[list]))
      for (const descending of [true, false]) {
        await expectFew(list, { sort, descending });
        await expectFew(list, { sort, descending, after: { value, id: SOMEBODY } });
      }
  });

  it.each(['alerts', 'products', 'stock', 'history'] as const)(
    'FEED-4, CHU-5: q among %s looks at few rows',
    async (list) => {
      await expectFew(list, { q: NAME });
    },
  );

  it('CHU-5: what is somebody’s own looks at few rows, also for who owns nothing', async () => {
    for (const who of [SOMEBODY, NEWCOMER]) {
      await expectFew('alerts', {}, who);
      await expectFew('alerts', { count: true }, who);
      await expectFew('alerts', { conditions: FILTERS.alerts.status }, who);
      await expectFew('alerts', { sort: 'since', descending: false }, who);
    }
  });
});

import { systemContext, type Tx, UnitOfWork } from '#platform';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { v7 } from 'uuid';
import { dataSourceOptions } from '../../../libs/platform/src/db/data-source.js';
import { RelaySignal } from '../../../libs/platform/src/events/relay-signal.js';
import { ChurnAlert } from '../src/churn/churn-alert.entity.js';
import { ChurnScan } from '../src/churn/churn-scan.js';
import { Customer } from '../src/customer/customer.entity.js';
import type { CustomerConfig } from '../src/customer.config.js';
import { startWorld, type World } from './customer.fixture.js';

const CUSTOMERS = 40;
const DAY = 86_400_000;
let world: World;
let dataSource: DataSource;
let ids: string[];
beforeAll(async () => {
  world = await startWorld();
  const { url } = world.service.database;
  dataSource = await new DataSource(dataSourceOptions('customer', url, 2, [Customer, ChurnAlert], [])).initialize();
  const rows = await world.service.query<{ id: string }>(
    `INSERT INTO customer (id, code, version, status, name, folded_name, tags, created_at)
     SELECT gen_random_uuid(), 'P-' || n, 1, 'active', 'P', 'p', '{}', now() FROM generate_series(1, ${CUSTOMERS}) n RETURNING id`,
  );
  ids = rows.map(({ id }) => id);
});
afterAll(async () => {
  await dataSource?.destroy();
  await world?.service.stop();
});

interface Case {
  readonly zone: string;
  readonly months: number;
  readonly asOf: string;
  readonly customers: readonly { created: Date; orders: readonly { date: string; cancelled: boolean }[] }[];
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);
const today = Date.parse(dayOf(new Date()));
/** Ends of months, leap years and the last months before today. */
const asOfs = fc.oneof(
  fc.constantFrom('2024-02-29', '2024-08-29', '2024-08-30', '2024-08-31', '2023-08-31', '2025-12-31', '2025-03-01'),
  fc.integer({ min: 1, max: 400 }).map((days) => dayOf(new Date(today - days * DAY))),
);
const cases: fc.Arbitrary<Case> = fc
  .record({
    zone: fc.constantFrom('Asia/Shanghai', 'America/New_York', 'UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'),
    months: fc.constantFrom(1, 6, 6, 12),
    asOf: asOfs,
  })
  .chain((scan) => {
    const start = Date.parse(scan.asOf);
    // Mostly days around the ends of the period, some in the future.
    const date = fc
      .oneof(
        fc.integer({ min: -(scan.months * 31 + 3), max: -(scan.months * 28 - 3) }).map((days) => start + days * DAY),
        fc.integer({ min: -500, max: 500 }).map((days) => start + days * DAY),
        fc.integer({ min: -2, max: 3 }).map((days) => today + days * DAY),
      )
      .map((at) => dayOf(new Date(at)));
    const created = fc
      .tuple(date, fc.integer({ min: 0, max: DAY - 1 }))
      .map(([day, time]) => new Date(Date.parse(day) + time));
    const orders = fc.array(fc.record({ date, cancelled: fc.boolean() }), { maxLength: 4 });
    const customers = fc.array(fc.record({ created, orders }), { minLength: CUSTOMERS, maxLength: CUSTOMERS });
    return customers.map((each) => ({ ...scan, customers: each }));
  });

async function store({ customers }: Case): Promise<void> {
  await world.service.query('TRUNCATE churn_measure, churn_alert, sales_order_line, sales_order');
  await world.service.query(
    `UPDATE customer c SET status = 'active', created_at = n.created FROM unnest($1::uuid[], $2::timestamptz[]) AS n (id, created) WHERE c.id = n.id`,
    [ids, customers.map(({ created }) => created)],
  );
  const orders = customers.flatMap((customer, index) => customer.orders.map((order) => ({ ...order, id: ids[index] })));
  await world.service.query(
    `INSERT INTO sales_order (id, key, version, customer_ref, customer_id, date, status, currency, total)
     SELECT gen_random_uuid(), gen_random_uuid(), 1, 'x', o.id, o.date, CASE WHEN o.cancelled THEN 'cancelled' ELSE 'paid' END, 'USD', 1
       FROM jsonb_to_recordset($1::jsonb) AS o (id uuid, date date, cancelled boolean)`,
    [JSON.stringify(orders)],
  );
  await world.service.query(
    `UPDATE customer c SET last_order_date = (SELECT max(date) FROM sales_order WHERE customer_id = c.id AND status <> 'cancelled')`,
  );
}

/** The rule as it is written, in SQL's own calendar: at risk as of the day, unless a later order would recover the alert. */
const AS_WRITTEN = `
  WITH risk AS (
    SELECT c.id, o.last, coalesce(o.last, (c.created_at AT TIME ZONE $1)::date) AS since, ($2::date - make_interval(months => $3))::date AS start
      FROM customer c, LATERAL (
        SELECT max(date) AS last FROM sales_order WHERE customer_id = c.id AND status <> 'cancelled' AND date <= $2) AS o)
  SELECT id AS "customerId", last::text AS last, since::text AS since, start::text AS start FROM risk
   WHERE since < start AND NOT EXISTS (
     SELECT FROM sales_order o WHERE o.customer_id = risk.id AND o.status <> 'cancelled' AND (o.date > risk.last OR risk.last IS NULL)
        AND o.date >= start AND o.date <= (now() AT TIME ZONE $1)::date)
   ORDER BY id`;

async function scan({ zone, months, asOf }: Case): Promise<void> {
  const config = { BUSINESS_TIMEZONE: zone, CHURN_MONTHS: months } as CustomerConfig;
  const uow = new UnitOfWork(dataSource, new RelaySignal(), [], config);
  const chunk = <T>(work: (tx: Tx) => Promise<T>) => uow.run(systemContext(), work);
  const job = { id: v7(), parameters: { asOf }, position: undefined, chunk };
  await new ChurnScan(config).run(job as never);
}

it('CHU-1, CHU-4: the scan finds whom the rule as it is written finds, in every zone, at the ends of months and in leap years', async () => {
  let raised = 0;
  await fc.assert(
    fc.asyncProperty(cases, async (each) => {
      await store(each);
      const expected = await world.service.query(AS_WRITTEN, [each.zone, each.asOf, each.months]);
      await scan(each);
      const alerts = await world.service.query(
        `SELECT customer_id AS "customerId", last_order_date::text AS last, since::text AS since, period_start::text AS start
           FROM churn_alert ORDER BY customer_id`,
      );
      expect(alerts).toEqual(expected);
      raised += alerts.length;
    }),
    { numRuns: 30 },
  );
  expect(raised).toBeGreaterThan(30);
}, 60_000);

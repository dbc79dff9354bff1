import { type Chunk, type JobKind, type RunningJob, SERVICE_CONFIG, together, type Tx } from '#platform';
import { Inject, Injectable } from '@nestjs/common';
import { Customer } from '../customer/customer.entity.js';
import type { CustomerConfig } from '../customer.config.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';
import { ChurnAlert } from './churn-alert.entity.js';
import { recoverCustomers, whoOrderedAgain } from './churn-recovery.js';
import { isAtRisk, periodStart } from './churn.rules.js';
import { setStatus } from './customer-status.js';

/** Customers of one transaction: few enough that nobody waits for them noticeably. */
const CHUNK = 500;
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** What comes next; alerts are raised for the customers behind `after`. A `recover` names its last only to show that it goes on. */
type Position =
  | { readonly step: 'recover' | 'count' | 'done'; readonly after?: string }
  | { readonly step: 'raise'; readonly after: string };
type ScanJob = RunningJob<{ asOf: string }, Position>;
type Counted = Pick<ChurnAlert, 'customerId' | 'lastOrderDate' | 'since'>;

/**
 * From when each customer is counted: the last order up to `$1`, today, or the day (in the zone `$2`) they became a customer. A scan
 * as of an earlier day ignores the orders behind that day, but raises no alert that they would recover (CHU-4). This is both at once:
 * an order behind that day lies in the period, so whoever has one is not counted from a day before the period.
 */
const COUNTED = `
  SELECT c.id AS "customerId", o.last AS "lastOrderDate", coalesce(o.last, (c.created_at AT TIME ZONE $2::text)::date) AS since
    FROM customer c, LATERAL (SELECT CASE WHEN c.last_order_date <= $1 THEN c.last_order_date WHEN c.last_order_date > $1 THEN
           (SELECT max(date) FROM sales_order WHERE customer_id = c.id AND status <> 'cancelled' AND date <= $1) END AS last) AS o
   WHERE c.deleted_at IS NULL AND c.status = 'active'`;
const AT_RISK = `${COUNTED} AND coalesce(o.last, (c.created_at AT TIME ZONE $2::text)::date) < $3`;

/**
 * CHU-1: raises an alert for each customer at risk, a few in each transaction, so that it holds nobody up. Two scans side by side, or
 * a scan and an order, meet at the customers' rows.
 */
@Injectable()
export class ChurnScan implements JobKind<{ asOf: string }, Position> {
  readonly kind = 'churn-scan';
  readonly right = 'churn.scan';

  constructor(@Inject(SERVICE_CONFIG) private readonly config: CustomerConfig) {}

  async run(job: ScanJob): Promise<void> {
    for (let position: Position = job.position ?? { step: 'recover' }; position.step !== 'done';) {
      const now: Position = position;
      ({ position } = await job.chunk((tx) => this.take(now, tx, job.parameters.asOf)));
    }
  }

  private take(position: Position, tx: Tx, asOf: string): Promise<Chunk<Position>> {
    if (position.step === 'raise') return this.raise(tx, asOf, position.after);
    return position.step === 'recover' ? this.recover(tx) : this.count(tx, asOf);
  }

  private async recover(tx: Tx): Promise<Chunk<Position>> {
    const ids = await whoOrderedAgain(tx, CHUNK);
    await tx.findAll(Customer, ids);
    await recoverCustomers(tx, ids);
    return {
      position: ids.length === CHUNK ? { step: 'recover', after: ids.at(-1)! } : { step: 'count' },
      processed: 0,
    };
  }

  private async count(tx: Tx, asOf: string): Promise<Chunk<Position>> {
    const sql = `SELECT count(*)::int AS total FROM (${AT_RISK}) AS at_risk`;
    const [row] = await tx.query<{ total: number }>(sql, this.counting(tx, asOf));
    return { position: { step: 'raise', after: NOBODY }, processed: 0, total: row!.total };
  }

  private async raise(tx: Tx, asOf: string, after: string): Promise<Chunk<Position>> {
    const [today, zone, start] = this.counting(tx, asOf);
    const found = await tx.query<Counted>(`${AT_RISK} AND c.id > $4 ORDER BY c.id LIMIT ${CHUNK}`, [
      today,
      zone,
      start,
      after,
    ]);
    const ids = found.map(({ customerId }) => customerId);
    // They are locked only now: an order or another scan may have come in between.
    const [customers, counted] = await together([
      tx.findAll(Customer, ids),
      tx.query<Counted>(`${COUNTED} AND c.id = ANY($3) ORDER BY c.id`, [today, zone, ids]),
    ]);
    const months = this.config.CHURN_MONTHS;
    const alerts = counted
      .filter(({ since }) => isAtRisk(since, asOf, months))
      .map((each) => ChurnAlert.raise(each, asOf, months));
    const alertOf = new Map(alerts.map((alert) => [alert.customerId, alert]));
    const atRisk = customers.filter(({ id }) => alertOf.has(id));
    await insertAlerts(tx, alerts);
    for (const { id, ownerId } of atRisk) tx.publish(alertOf.get(id)!.raised(ownerId));
    await setStatus(tx, atRisk, 'at_risk');
    await recordCustomerActs(
      tx,
      alerts.map(({ id, customerId, lastOrderDate, since }) => ({
        recordId: customerId,
        act: 'churn-alert-raised',
        details: { alertId: id, lastOrderDate, since, asOf },
      })),
    );
    const last = ids.length === CHUNK ? ids.at(-1) : undefined;
    return { position: last ? { step: 'raise', after: last } : { step: 'done' }, processed: alerts.length };
  }

  private counting(tx: Tx, asOf: string): [today: string, zone: string, start: string] {
    const { BUSINESS_TIMEZONE, CHURN_MONTHS } = this.config;
    return [tx.today, BUSINESS_TIMEZONE, periodStart(asOf, CHURN_MONTHS)];
  }
}

const insertAlerts = (tx: Tx, alerts: readonly ChurnAlert[]) =>
  tx.query(
    `INSERT INTO churn_alert (id, customer_id, version, status, last_order_date, since, as_of, period_start, raised_at)
     SELECT a.id, a."customerId", a.version, a.status, a."lastOrderDate", a.since, a."asOf", a."periodStart", a."raisedAt"
       FROM jsonb_to_recordset($1::jsonb) AS a(id uuid, "customerId" uuid, version int, status text, "lastOrderDate" date, since date,
                                               "asOf" date, "periodStart" date, "raisedAt" timestamptz)`,
    [JSON.stringify(alerts)],
  );

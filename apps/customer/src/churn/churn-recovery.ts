import type { Tx } from '#platform';
import { Customer } from '../customer/customer.entity.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';
import { ChurnAlert } from './churn-alert.entity.js';
import { setStatus } from './customer-status.js';

/**
 * CHU-4: the open alert of a customer at risk, or the last one of a lost customer, whose period holds an order. The period goes from
 * its first day up to `$1`, today; the alert's last order lies before it, so each order in it is a later one.
 */
const ORDERED_AGAIN = `
  SELECT c.id AS "customerId", a.id AS "alertId" FROM customer c JOIN churn_alert a ON a.customer_id = c.id
   WHERE c.deleted_at IS NULL AND c.last_order_date >= a.period_start
     AND (c.status = 'at_risk' AND a.status IN ('warning', 'postponed')
       OR c.status = 'lost' AND a.status = 'lost' AND NOT EXISTS (
            SELECT FROM churn_alert later WHERE later.customer_id = c.id AND later.status = 'lost' AND later.raised_at > a.raised_at))
     AND EXISTS (SELECT FROM sales_order o WHERE o.customer_id = c.id AND o.status <> 'cancelled'
                    AND o.date BETWEEN a.period_start AND $1)`;

/** Customers who ordered again, though no order that comes in will tell: its day was still in the future when it came. */
export async function whoOrderedAgain(tx: Tx, limit: number): Promise<string[]> {
  const found = await tx.query<{ customerId: string }>(`${ORDERED_AGAIN} ORDER BY c.id LIMIT ${limit}`, [tx.today]);
  return found.map(({ customerId }) => customerId);
}

/** CHU-4: of these customers, those at risk who ordered again have recovered, and lost ones are active again. Lock them before. */
export async function recoverCustomers(tx: Tx, customerIds: readonly string[]): Promise<void> {
  const found = await tx.query<{ customerId: string; alertId: string }>(`${ORDERED_AGAIN} AND c.id = ANY($2)`, [
    tx.today,
    customerIds,
  ]);
  if (found.length === 0) return;
  const customers = await tx.findAll(
    Customer,
    found.map(({ customerId }) => customerId),
  );
  const alerts = await tx.findAll(
    ChurnAlert,
    found.map(({ alertId }) => alertId),
  );
  const owners = new Map(customers.map(({ id, ownerId }) => [id, ownerId]));
  const open = alerts.filter(({ status }) => status !== 'lost');
  const recoveredAt = new Date();
  for (const alert of open) tx.publish(alert.recover(recoveredAt, owners.get(alert.customerId)!));
  await tx.query(
    `UPDATE churn_alert SET status = 'recovered', recovered_at = $2, version = version + 1 WHERE id = ANY($1)`,
    [open.map(({ id }) => id), recoveredAt],
  );
  await recordCustomerActs(
    tx,
    alerts.map(({ id, customerId, status }) => ({
      recordId: customerId,
      act: status === 'lost' ? 'reactivated' : 'churn-recovered',
      details: { alertId: id },
    })),
  );
  await setStatus(tx, customers, 'active');
}

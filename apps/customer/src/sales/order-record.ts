import { OrderRecorded, type CustomerView } from '#contracts';
import { formatMoney, type Tx } from '#platform';
import { recoverCustomers } from '../churn/churn-recovery.js';
import { ORDER_STATE, type OrderChange, type OrderState, recordOrderActs } from './order-acts.js';

interface OrderRow {
  id: string;
  key: string;
  customer_id: string | null;
  customer_ref: string;
  date: string;
  status: 'unpaid' | 'paid' | 'cancelled';
  currency: string;
  total: string;
  lines: { productKey: string; productName: string | null; quantity: number; amount: string }[];
}

/** Tells of orders as they are now. The rows are locked first, so that a later event never shows an earlier state. */
export async function publishOrders(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.query('SELECT id FROM sales_order WHERE id = ANY($1) ORDER BY id FOR UPDATE', [ids]);
  const orders = await tx.query<OrderRow>(
    `SELECT o.id, o.key, o.customer_id, o.customer_ref, o.date, o.status, o.currency, o.total,
            (SELECT coalesce(json_agg(json_build_object('productKey', l.product_key, 'productName', l.product_name,
                      'quantity', l.quantity, 'amount', l.amount::text) ORDER BY l.position), '[]')
               FROM sales_order_line l WHERE l.order_id = o.id) AS lines
       FROM sales_order o WHERE o.id = ANY($1) ORDER BY o.id`,
    [ids],
  );
  for (const { id, customer_id, customer_ref, total, lines, ...order } of orders)
    tx.publish(
      OrderRecorded.of(id, {
        ...order,
        orderId: id,
        customerId: customer_id,
        customerRef: customer_ref,
        total: formatMoney(total, order.currency),
        lines: lines.map((line) => ({ ...line, amount: formatMoney(line.amount, order.currency) })),
      }),
    );
}

/**
 * What orders have made of these customers: their last order that is not cancelled, their timelines, and whoever ordered again is no
 * longer at risk or lost (CHU-4). Customers are locked first, or two orders at once would not see each other.
 */
export async function noteLastOrders(
  tx: Tx,
  customerIds: readonly string[],
  changes: readonly OrderChange[] = [],
): Promise<void> {
  if (customerIds.length === 0) return;
  await tx.query('SELECT id FROM customer WHERE id = ANY($1) ORDER BY id FOR UPDATE', [customerIds]);
  await tx.query(
    `UPDATE customer c SET last_order_date = o.last
       FROM (SELECT id, (SELECT max(date) FROM sales_order WHERE customer_id = u.id AND status <> 'cancelled') AS last
               FROM unnest($1::uuid[]) AS u(id)) AS o
      WHERE c.id = o.id AND c.last_order_date IS DISTINCT FROM o.last`,
    [customerIds],
  );
  await recordOrderActs(tx, changes);
  await recoverCustomers(tx, customerIds);
}

interface Referred {
  readonly id: string;
  readonly refs: readonly string[];
  readonly lastOrderDate: string | null;
}

/**
 * FEED-3: a customer has appeared; the orders that wait for one of its references are joined on, and so are those that a
 * living customer still has who gave the reference up. Take `lockRefs` before; an existing customer is locked.
 * @returns the customer's last order date
 */
export async function joinOrders(tx: Tx, customer: Referred): Promise<CustomerView['lastOrderDate']> {
  const waiting = await tx.query<OrderState>(
    `SELECT ${ORDER_STATE} FROM sales_order o
      WHERE o.customer_ref = ANY($2) AND o.customer_id IS DISTINCT FROM $1
        AND (o.customer_id IS NULL OR EXISTS (
              SELECT 1 FROM customer c WHERE c.id = o.customer_id AND c.deleted_at IS NULL
                 AND c.code <> o.customer_ref AND c.external_ref IS DISTINCT FROM o.customer_ref
                 AND NOT EXISTS (SELECT FROM customer m WHERE m.survivor_id = c.id AND o.customer_ref IN (m.code, m.external_ref))))
      ORDER BY o.id FOR UPDATE OF o`,
    [customer.id, customer.refs],
  );
  if (waiting.length === 0) return customer.lastOrderDate;
  const orders = waiting.map(({ id }) => id);
  await tx.query('UPDATE sales_order SET customer_id = $1 WHERE id = ANY($2)', [customer.id, orders]);
  const before = waiting.flatMap(({ customerId }) => customerId ?? []);
  await noteLastOrders(
    tx,
    [...new Set([customer.id, ...before])],
    waiting.map((order) => ({ before: order, after: { ...order, customerId: customer.id } })),
  );
  await publishOrders(tx, orders);
  const [row] = await tx.query<{ last: string | null }>('SELECT last_order_date AS last FROM customer WHERE id = $1', [
    customer.id,
  ]);
  return row?.last ?? null;
}

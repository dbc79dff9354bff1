import { OrderRecorded, type CustomerView } from '#contracts';
import { formatMoney, together, type Tx } from '#platform';
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
  const [, orders] = await together([
    tx.query('SELECT id FROM sales_order WHERE id = ANY($1) ORDER BY id FOR UPDATE', [ids]),
    tx.query<OrderRow>(
      `SELECT o.id, o.key, o.customer_id, o.customer_ref, o.date, o.status, o.currency, o.total,
            (SELECT coalesce(json_agg(json_build_object('productKey', l.product_key, 'productName', l.product_name,
                      'quantity', l.quantity, 'amount', l.amount::text) ORDER BY l.position), '[]')
               FROM sales_order_line l WHERE l.order_id = o.id) AS lines
       FROM sales_order o WHERE o.id = ANY($1) ORDER BY o.id`,
      [ids],
    ),
  ]);
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
 * longer at risk or lost (CHU-4). Customers are locked first, or two orders at once would not see each other; but for their keys,
 * which orders at work on the same customers share.
 */
export async function noteLastOrders(
  tx: Tx,
  customerIds: readonly string[],
  changes: readonly OrderChange[] = [],
): Promise<void> {
  if (customerIds.length === 0) return;
  await together([
    recordOrderActs(tx, changes),
    tx.query('SELECT id FROM customer WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE', [customerIds]),
    tx.query(
      `UPDATE customer c SET last_order_date = o.last
       FROM (SELECT id, (SELECT max(date) FROM sales_order WHERE customer_id = u.id AND status <> 'cancelled') AS last
               FROM unnest($1::uuid[]) AS u(id)) AS o
      WHERE c.id = o.id AND c.last_order_date IS DISTINCT FROM o.last`,
      [customerIds],
    ),
    recoverCustomers(tx, customerIds),
  ]);
}

interface Referred {
  readonly id: string;
  readonly refs: readonly string[];
}

/**
 * FEED-3: a customer has appeared; the orders that wait for one of its references are joined on, and so are those that a
 * living customer still has who gave the reference up. Take `lockRefs` before; an existing customer is locked.
 * @returns the customer's last order date
 */
export async function joinOrders(
  tx: Tx,
  customer: Referred & { readonly lastOrderDate: string | null },
): Promise<CustomerView['lastOrderDate']> {
  const joined = await joinOrdersOfMany(tx, [customer]);
  if (joined === 0) return customer.lastOrderDate;
  const [row] = await tx.query<{ last: string | null }>('SELECT last_order_date AS last FROM customer WHERE id = $1', [
    customer.id,
  ]);
  return row?.last ?? null;
}

/** The same for many customers. @returns how many orders were joined on */
export async function joinOrdersOfMany(tx: Tx, customers: readonly Referred[]): Promise<number> {
  const refs = customers.flatMap(({ id, refs: each }) => each.map((ref) => ({ id, ref })));
  const waiting = await tx.query<OrderState & { becomes: string }>(
    `SELECT ${ORDER_STATE}, r.becomes
       FROM unnest($1::uuid[], $2::text[]) AS r (becomes, ref) JOIN sales_order o ON o.customer_ref = r.ref
      WHERE o.customer_id IS DISTINCT FROM r.becomes
        AND (o.customer_id IS NULL OR EXISTS (
              SELECT 1 FROM customer c WHERE c.id = o.customer_id AND c.deleted_at IS NULL
                 AND c.code <> o.customer_ref AND c.external_ref IS DISTINCT FROM o.customer_ref
                 AND NOT EXISTS (SELECT FROM customer m WHERE m.survivor_id = c.id AND o.customer_ref IN (m.code, m.external_ref))))
      ORDER BY o.id FOR UPDATE OF o`,
    [refs.map(({ id }) => id), refs.map(({ ref }) => ref)],
  );
  if (waiting.length === 0) return 0;
  const orders = waiting.map(({ id }) => id);
  await together([
    tx.query(
      `UPDATE sales_order o SET customer_id = w.becomes FROM unnest($1::uuid[], $2::uuid[]) AS w (id, becomes) WHERE o.id = w.id`,
      [orders, waiting.map(({ becomes }) => becomes)],
    ),
    publishOrders(tx, orders),
    noteLastOrders(
      tx,
      [...new Set(waiting.flatMap(({ customerId, becomes }) => [becomes, ...(customerId ? [customerId] : [])]))],
      waiting.map(({ becomes, ...order }) => ({ before: order, after: { ...order, customerId: becomes } })),
    ),
  ]);
  return orders.length;
}

import { OrderItem, type FeedResult } from '#contracts';
import { together, type Tx } from '#platform';
import { feedResult, keepRejections, sortItems } from './feed-item.js';
import { lockOrders, shareProductNames, shareRefs } from './feed-locks.js';
import { orderAmounts } from './money.js';
import { ORDER_STATE, type OrderState } from './order-acts.js';
import { noteLastOrders, publishOrders } from './order-record.js';

/** FEED-2, FEED-3: orders by key, the newest version wins; an unknown customer or product does not keep one out. */
export async function feedOrders(tx: Tx, items: readonly unknown[]): Promise<FeedResult> {
  const sorted = sortItems(OrderItem, items, (order) =>
    orderAmounts(order) ? undefined : { en: 'lines: the total is too large', zh: 'lines: 总金额过大' },
  );
  const orders = sorted.newest.map((order) => ({ ...order, ...orderAmounts(order)! }));
  const keys = orders.map(({ key }) => key);
  const refs = orders.map(({ customerRef }) => customerRef);

  // Sent together, in this order: other orders wait for these locks, so nothing waits for an answer in between.
  const [, , , , before, changed] = await together([
    keepRejections(tx, 'order', sorted.rejections),
    shareProductNames(tx),
    lockOrders(tx, keys),
    shareRefs(tx, refs, keys),
    tx.query<OrderState>(`SELECT ${ORDER_STATE} FROM sales_order WHERE key = ANY($1) ORDER BY key FOR UPDATE`, [keys]),
    upsert(tx, orders),
  ]);
  if (changed.length === 0) return feedResult(tx, 0, sorted);
  const ids = new Map(changed.map(({ key, id }) => [key, id]));
  const known = new Map(before.map((order) => [order.key, order]));
  const lines = orders.flatMap(({ key, lines: each, amounts }) => {
    const orderId = ids.get(key);
    if (orderId === undefined) return [];
    return each.map((line, position) => ({ ...line, orderId, position, amount: amounts[position] }));
  });
  const touched = [...before.filter(({ key }) => ids.has(key)), ...changed].flatMap(
    ({ customerId }) => customerId ?? [],
  );
  await together([
    replaceLines(tx, [...ids.values()], lines),
    publishOrders(tx, [...ids.values()]),
    noteLastOrders(
      tx,
      [...new Set(touched)],
      changed.map((after) => ({ before: known.get(after.key), after })),
    ),
  ]);
  return feedResult(tx, changed.length, sorted);
}

/** The id of a merged customer's survivor, while that one lives. */
const LIVING = (id: string) => `(SELECT s.id FROM customer s WHERE s.id = ${id} AND s.deleted_at IS NULL)`;

/**
 * A reference names a living customer by code, else by external reference; one of a merged customer names its survivor. An order keeps the customer it has when its
 * reference is unchanged but names nobody any more: deleted customers keep their orders.
 */
const upsert = (tx: Tx, orders: readonly object[]): Promise<OrderState[]> =>
  tx.query(
    `INSERT INTO sales_order AS o (id, key, version, customer_ref, customer_id, date, status, currency, address, total)
     SELECT f.id, f.key, f.comparable, f."customerRef",
            coalesce(CASE WHEN by_code.survivor_id IS NULL THEN by_code.id ELSE ${LIVING('by_code.survivor_id')} END, by_ref.id,
                     (SELECT ${LIVING('m.survivor_id')} FROM customer m
                       WHERE m.external_ref = f."customerRef" AND m.survivor_id IS NOT NULL LIMIT 1)),
            f.date, f.status, f.currency, f.address, f.total
       FROM jsonb_to_recordset($1::jsonb) AS f(id uuid, key text, comparable numeric, "customerRef" text, date date, status text,
                                               currency text, address text, total numeric)
       LEFT JOIN customer by_code ON by_code.code = f."customerRef" AND (by_code.deleted_at IS NULL OR by_code.survivor_id IS NOT NULL)
       LEFT JOIN customer by_ref ON by_ref.external_ref = f."customerRef" AND by_ref.deleted_at IS NULL
      ORDER BY f.key
     ON CONFLICT ON CONSTRAINT sales_order_key DO UPDATE SET
       version = excluded.version, date = excluded.date, status = excluded.status, currency = excluded.currency,
       address = excluded.address, total = excluded.total, customer_ref = excluded.customer_ref,
       customer_id = coalesce(excluded.customer_id, CASE WHEN o.customer_ref = excluded.customer_ref THEN o.customer_id END)
     WHERE o.version < excluded.version
     RETURNING ${ORDER_STATE}`,
    [JSON.stringify(orders)],
  );

/** Lines as the version has them, with the names that the products bear now. */
async function replaceLines(tx: Tx, orderIds: readonly string[], lines: readonly object[]): Promise<void> {
  await together([
    tx.query('DELETE FROM sales_order_line WHERE order_id = ANY($1)', [orderIds]),
    tx.query(
      `INSERT INTO sales_order_line (order_id, position, product_key, product_name, quantity, unit, unit_price, discount, amount)
     SELECT f."orderId", f.position, f."productKey", p.name, f.quantity, f.unit, f."unitPrice", f.discount, f.amount
       FROM jsonb_to_recordset($1::jsonb) AS f("orderId" uuid, position int, "productKey" text, quantity numeric, unit text,
                                               "unitPrice" numeric, discount numeric, amount numeric)
       LEFT JOIN product p ON p.key = f."productKey"`,
      [JSON.stringify(lines)],
    ),
  ]);
}

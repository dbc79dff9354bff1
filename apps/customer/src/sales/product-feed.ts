import { ProductItem, ProductRecorded, type FeedResult } from '#contracts';
import { formatMoney, searchText, type Tx } from '#platform';
import { feedResult, keepRejections, sortItems } from './feed-item.js';
import { lockProductNames } from './feed-locks.js';
import { publishOrders } from './order-record.js';

/** FEED-2: products by key, the newest version wins; orders that waited for a product's name get it. */
export async function feedProducts(tx: Tx, items: readonly unknown[]): Promise<FeedResult> {
  const sorted = sortItems(ProductItem, items);
  await keepRejections(tx, 'product', sorted.rejections);
  await lockProductNames(tx);
  const rows = sorted.newest.map((item) => ({ ...item, search: searchText(item.key, item.name) }));
  const changed = await tx.query<{ key: string; id: string }>(
    `INSERT INTO product AS p (id, key, version, name, type, batch, unit, price, currency, remarks, search_text)
     SELECT f.id, f.key, f.comparable, f.name, f.type, f.batch, f.unit, f.price, f.currency, f.remarks, f.search
       FROM jsonb_to_recordset($1::jsonb) AS f(id uuid, key text, comparable numeric, name text, type text, batch text, unit text,
                                               price numeric, currency text, remarks text, search text)
      ORDER BY f.key
     ON CONFLICT ON CONSTRAINT product_key DO UPDATE SET
       version = excluded.version, name = excluded.name, type = excluded.type, batch = excluded.batch, unit = excluded.unit,
       price = excluded.price, currency = excluded.currency, remarks = excluded.remarks, search_text = excluded.search_text
     WHERE p.version < excluded.version
     RETURNING key, id`,
    [JSON.stringify(rows)],
  );
  const ids = new Map(changed.map(({ key, id }) => [key, id]));
  for (const { key, name, type = null, unit = null, price, currency = null } of sorted.newest) {
    const productId = ids.get(key);
    if (productId === undefined) continue;
    const shown = price ? formatMoney(price, currency) : null;
    tx.publish(ProductRecorded.of(productId, { productId, key, name, type, unit, price: shown, currency }));
  }
  await nameLines(tx, [...ids.keys()]);
  return feedResult(tx, changed.length, sorted);
}

/** The name on an order's line is filled once, when the product appears; later names do not change it. */
async function nameLines(tx: Tx, keys: string[]): Promise<void> {
  const named = await tx.query<{ id: string }>(
    `WITH named AS (
       UPDATE sales_order_line l SET product_name = p.name FROM product p
        WHERE p.key = ANY($1) AND l.product_key = p.key AND l.product_name IS NULL
        RETURNING l.order_id)
     SELECT DISTINCT order_id AS id FROM named`,
    [keys],
  );
  await publishOrders(
    tx,
    named.map(({ id }) => id),
  );
}

import { StockItem, StockRecorded, type FeedResult } from '#contracts';
import { searchText, type Tx } from '#platform';
import { feedResult, keepRejections, sortItems } from './feed-item.js';

/** FEED-2: stock figures by key, the newest version wins. A figure of an unknown product is kept. */
export async function feedStock(tx: Tx, items: readonly unknown[]): Promise<FeedResult> {
  const sorted = sortItems(StockItem, items);
  await keepRejections(tx, 'stock', sorted.rejections);
  const rows = sorted.newest.map((item) => ({
    ...item,
    search: searchText(item.key, item.productKey, item.warehouse, item.bin),
  }));
  const changed = await tx.query<{ key: string; id: string }>(
    `INSERT INTO stock AS s (id, key, version, product_key, warehouse, bin, quantity, remarks, search_text)
     SELECT f.id, f.key, f.comparable, f."productKey", f.warehouse, f.bin, f.quantity, f.remarks, f.search
       FROM jsonb_to_recordset($1::jsonb) AS f(id uuid, key text, comparable numeric, "productKey" text, warehouse text, bin text,
                                               quantity numeric, remarks text, search text)
      ORDER BY f.key
     ON CONFLICT ON CONSTRAINT stock_key DO UPDATE SET
       version = excluded.version, product_key = excluded.product_key, warehouse = excluded.warehouse, bin = excluded.bin,
       quantity = excluded.quantity, remarks = excluded.remarks, search_text = excluded.search_text
     WHERE s.version < excluded.version
     RETURNING key, id`,
    [JSON.stringify(rows)],
  );
  const ids = new Map(changed.map(({ key, id }) => [key, id]));
  for (const { key, productKey, warehouse, quantity } of sorted.newest) {
    const stockId = ids.get(key);
    if (stockId === undefined) continue;
    tx.publish(StockRecorded.of(stockId, { stockId, key, productKey, warehouse, quantity }));
  }
  return feedResult(tx, changed.length, sorted);
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Each filter of the lists of products, stock, orders and rejections, in the order of its list (FEED-4). */
export class SalesLists1763700700001 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // Millions of orders take longer than a statement of a request may.
    await db.query(`SET LOCAL statement_timeout = 0`);
    await db.query(`CREATE INDEX product_by_type ON product (type, name, id) WHERE type IS NOT NULL`);
    await db.query(`DROP INDEX stock_product`);
    await db.query(`CREATE INDEX stock_by_product ON stock (product_key, warehouse, id)`);
    await db.query(`CREATE INDEX sales_order_by_status ON sales_order (status, date, id)`);
    await db.query(`CREATE INDEX sales_order_by_currency ON sales_order (currency, date, id)`);
    await db.query(`CREATE INDEX feed_rejection_by_kind ON feed_rejection (kind, rejected_at, id)`);
    await db.query(`CREATE INDEX feed_rejection_by_key ON feed_rejection (key) WHERE key IS NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX product_by_type, stock_by_product, sales_order_by_status, sales_order_by_currency,
      feed_rejection_by_kind, feed_rejection_by_key`);
    await db.query(`CREATE INDEX stock_product ON stock (product_key)`);
  }
}

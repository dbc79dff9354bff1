import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The mirror of the sales system. `version` is its own, on one number line (feed-version.ts). */
export class Sales1763700200000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE product (
      id          uuid          NOT NULL CONSTRAINT product_pk PRIMARY KEY,
      key         text          NOT NULL CONSTRAINT product_key UNIQUE,
      version     numeric       NOT NULL,
      name        text          NOT NULL,
      type        text,
      batch       text,
      unit        text,
      price       numeric(19,4),
      currency    text,
      remarks     text,
      search_text text          NOT NULL
    )`);
    await db.query(`CREATE INDEX product_name ON product (name, id)`);
    await db.query(`CREATE INDEX product_search ON product USING gin (bigrams(search_text))`);

    await db.query(`CREATE TABLE stock (
      id          uuid    NOT NULL CONSTRAINT stock_pk PRIMARY KEY,
      key         text    NOT NULL CONSTRAINT stock_key UNIQUE,
      version     numeric NOT NULL,
      product_key text    NOT NULL,
      warehouse   text    NOT NULL,
      bin         text,
      quantity    numeric NOT NULL,
      remarks     text,
      search_text text    NOT NULL
    )`);
    await db.query(`CREATE INDEX stock_warehouse ON stock (warehouse, id)`);
    await db.query(`CREATE INDEX stock_product ON stock (product_key)`);
    await db.query(`CREATE INDEX stock_search ON stock USING gin (bigrams(search_text))`);

    await db.query(`CREATE TABLE sales_order (
      id           uuid          NOT NULL CONSTRAINT sales_order_pk PRIMARY KEY,
      key          text          NOT NULL CONSTRAINT sales_order_key UNIQUE,
      version      numeric       NOT NULL,
      customer_ref text          NOT NULL,
      customer_id  uuid          CONSTRAINT sales_order_customer REFERENCES customer (id),
      date         date          NOT NULL,
      status       text          NOT NULL CONSTRAINT sales_order_status CHECK (status IN ('unpaid', 'paid', 'cancelled')),
      currency     text          NOT NULL,
      address      text,
      total        numeric(19,4) NOT NULL
    )`);
    await db.query(`CREATE INDEX sales_order_date ON sales_order (date, id)`);
    await db.query(`CREATE INDEX sales_order_of_customer ON sales_order (customer_id, date, id)`);
    await db.query(`CREATE INDEX sales_order_customer_ref ON sales_order (customer_ref)`);
    await db.query(`CREATE INDEX sales_order_unmatched ON sales_order (date, id) WHERE customer_id IS NULL`);

    await db.query(`CREATE TABLE sales_order_line (
      order_id     uuid          NOT NULL CONSTRAINT sales_order_line_order REFERENCES sales_order (id) ON DELETE CASCADE,
      position     int           NOT NULL,
      product_key  text          NOT NULL,
      product_name text,
      quantity     numeric       NOT NULL,
      unit         text,
      unit_price   numeric(19,4) NOT NULL,
      discount     numeric       NOT NULL CONSTRAINT sales_order_line_discount CHECK (discount BETWEEN 0 AND 1),
      amount       numeric(19,4) NOT NULL,
      CONSTRAINT sales_order_line_pk PRIMARY KEY (order_id, position)
    )`);
    await db.query(
      `CREATE INDEX sales_order_line_unnamed ON sales_order_line (product_key) WHERE product_name IS NULL`,
    );

    // The item is json, not jsonb: what was rejected may hold characters that PostgreSQL cannot store as text.
    await db.query(`CREATE TABLE feed_rejection (
      id          uuid        NOT NULL CONSTRAINT feed_rejection_pk PRIMARY KEY,
      kind        text        NOT NULL CONSTRAINT feed_rejection_kind CHECK (kind IN ('product', 'stock', 'order')),
      key         text,
      reason      text        NOT NULL,
      item        json        NOT NULL,
      digest      text        NOT NULL,
      rejected_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT feed_rejection_item UNIQUE (kind, digest)
    )`);
    await db.query(`CREATE INDEX feed_rejection_list ON feed_rejection (rejected_at, id)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE feed_rejection, sales_order_line, sales_order, stock, product`);
  }
}

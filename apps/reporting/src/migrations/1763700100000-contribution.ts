import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Read models of customers, their orders, and the order total of each customer, year and currency (REP-1). */
export class Contribution1763700100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE customer (
      id          uuid    NOT NULL CONSTRAINT customer_pk PRIMARY KEY,
      name        text    NOT NULL,
      name_folded text    NOT NULL,
      owner_id    uuid,
      deleted     boolean NOT NULL
    )`);
    await db.query(`CREATE INDEX customer_owner ON customer (owner_id)`);
    await db.query(`CREATE INDEX customer_deleted ON customer (id) WHERE deleted`);

    await db.query(`CREATE TABLE customer_order (
      id          uuid          NOT NULL CONSTRAINT customer_order_pk PRIMARY KEY,
      key         text          NOT NULL,
      customer_id uuid,
      year        int           NOT NULL,
      currency    text          NOT NULL,
      amount      numeric(19,4) NOT NULL,
      counted     boolean       NOT NULL
    )`);

    // The year 0 stands for all years together. A row that lost its last order stays, with no orders. No CHECK against negative figures: it would refuse the difference that
    // an upsert proposes before it meets the row.
    await db.query(`CREATE TABLE contribution (
      customer_id uuid          NOT NULL,
      year        int           NOT NULL,
      currency    text          NOT NULL,
      amount      numeric(27,4) NOT NULL,
      orders      int           NOT NULL,
      CONSTRAINT contribution_pk PRIMARY KEY (customer_id, year, currency)
    )`);
    await db.query(
      `CREATE INDEX contribution_rank ON contribution (year, currency, amount DESC, customer_id) WHERE orders > 0`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE contribution, customer_order, customer`);
  }
}

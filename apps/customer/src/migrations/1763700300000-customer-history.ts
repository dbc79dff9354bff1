import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What happened to customers, told by this service and by the events of others (CUS-4). */
export class CustomerHistory1763700300000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE customer_history (
      id          bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT customer_history_pk PRIMARY KEY,
      customer_id uuid        NOT NULL CONSTRAINT customer_history_customer REFERENCES customer,
      at          timestamptz NOT NULL,
      actor_id    uuid,
      act         text        NOT NULL,
      details     jsonb       NOT NULL
    )`);
    await db.query(`CREATE INDEX customer_history_timeline ON customer_history (customer_id, at, id)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE customer_history`);
  }
}

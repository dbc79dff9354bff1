import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tickets need to know of customers and their contacts: a copy, fed by events, that replay can make again. */
export class Customer1763700100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE customer (
      id      uuid    NOT NULL CONSTRAINT customer_pk PRIMARY KEY,
      name    text    NOT NULL,
      deleted boolean NOT NULL
    )`);
    // No foreign key: a contact's event may come before its customer's.
    await db.query(`CREATE TABLE contact (
      id          uuid NOT NULL CONSTRAINT contact_pk PRIMARY KEY,
      customer_id uuid NOT NULL
    )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE contact, customer`);
  }
}

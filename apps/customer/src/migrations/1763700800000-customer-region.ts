import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Customers of a region and all that lies below it (DIC-4). */
export class CustomerRegion1763700800000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX customer_region ON customer (region, created_at, id) WHERE deleted_at IS NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX customer_region`);
  }
}

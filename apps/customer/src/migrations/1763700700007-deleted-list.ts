import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The list of deleted customers, the last one first (CUS-2). */
export class DeletedList1763700700007 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(
      `CREATE INDEX customer_deleted ON customer (deleted_at, id) WHERE deleted_at IS NOT NULL AND survivor_id IS NULL`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX customer_deleted`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** By what a row of a file without an external reference said, it is known when it comes again (CUS-8, MKT-9). */
export class ImportKeys1763700700005 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE customer ADD COLUMN import_key text`);
    // Not unique: a row may come again after its customer was deleted, which may come back, too.
    await db.query(`CREATE INDEX customer_import_key ON customer (import_key) WHERE import_key IS NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE customer DROP COLUMN import_key`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an imported row without an external id is known by when it comes again (MKT-9). */
export class OpportunityImport1763700300010 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE opportunity ADD import_key text`);
    await db.query(
      `CREATE UNIQUE INDEX opportunity_import_key ON opportunity (import_key) WHERE import_key IS NOT NULL`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE opportunity DROP import_key`);
  }
}

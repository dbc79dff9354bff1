import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Opportunities of a region and all that lies below it (DIC-4). */
export class OpportunityRegion1763700810000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX opportunity_by_region ON opportunity (region, created_at, id)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX opportunity_by_region`);
  }
}

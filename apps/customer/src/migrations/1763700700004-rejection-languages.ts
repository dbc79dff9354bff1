import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Why an item of the sales system was rejected is kept in both languages, for whoever looks. */
export class RejectionLanguages1763700700004 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE feed_rejection ADD COLUMN reason_zh text`);
    await db.query(`UPDATE feed_rejection SET reason_zh = reason`);
    await db.query(`ALTER TABLE feed_rejection ALTER COLUMN reason_zh SET NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE feed_rejection DROP COLUMN reason_zh`);
  }
}

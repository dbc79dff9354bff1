import { fewStatistics, withoutStatistics } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const SEARCHED = ['customer', 'product', 'stock', 'contact', 'activity'];
const BY_KEY = ['customer_history', 'customer_key'];

/** What search indexes hold is not looked at for statistics, of what is asked by key a little. */
export class FewStatistics1763700700008 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const table of SEARCHED) await db.query(withoutStatistics(`${table}_search`));
    for (const table of BY_KEY) await db.query(fewStatistics(table));
    await db.query(`ALTER TABLE customer ALTER COLUMN duplicate_keys SET STATISTICS 0`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE customer ALTER COLUMN duplicate_keys SET STATISTICS -1`);
    for (const table of BY_KEY) await db.query(fewStatistics(table, -1));
    for (const table of SEARCHED) await db.query(withoutStatistics(`${table}_search`, -1));
  }
}

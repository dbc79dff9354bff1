import { fewStatistics } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const BY_KEY = ['customer_history', 'customer_key'];

/** They grow with every customer, and are asked by key, never to choose among values. */
export class FewStatistics1763700700008 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const table of BY_KEY) await db.query(fewStatistics(table));
    await db.query(`ALTER INDEX customer_history_ticket ALTER COLUMN 1 SET STATISTICS 10`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER INDEX customer_history_ticket ALTER COLUMN 1 SET STATISTICS -1`);
    for (const table of BY_KEY) await db.query(fewStatistics(table, -1));
  }
}

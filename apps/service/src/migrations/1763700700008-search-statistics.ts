import { withoutStatistics } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const SEARCHED = ['ticket', 'customer'];

/** What a search index holds is not looked at for statistics. */
export class SearchStatistics1763700700008 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const table of SEARCHED) await db.query(withoutStatistics(`${table}_search`));
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of SEARCHED) await db.query(withoutStatistics(`${table}_search`, -1));
  }
}

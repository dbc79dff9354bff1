import { CREATE_BIGRAMS, CREATE_PAIRS, DROP_BIGRAMS, DROP_PAIRS } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const SEARCHED = ['customer', 'product', 'stock'];

/** Pairs of characters are indexed as numbers, at half the cost. */
export class Pairs1763700400000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const table of SEARCHED) await db.query(`DROP INDEX ${table}_search`);
    await db.query(DROP_BIGRAMS);
    await db.query(CREATE_PAIRS);
    for (const table of SEARCHED)
      await db.query(`CREATE INDEX ${table}_search ON ${table} USING gin (pairs(search_text))`);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of SEARCHED) await db.query(`DROP INDEX ${table}_search`);
    await db.query(DROP_PAIRS);
    await db.query(CREATE_BIGRAMS);
    for (const table of SEARCHED)
      await db.query(`CREATE INDEX ${table}_search ON ${table} USING gin (bigrams(search_text))`);
  }
}

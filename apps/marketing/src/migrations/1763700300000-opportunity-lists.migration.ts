import { CREATE_BIGRAMS, CREATE_PAIRS, DROP_BIGRAMS, DROP_PAIRS } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** More to sort and filter opportunities by (MKT-8). */
export class OpportunityLists1763700300000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(
      `ALTER TABLE opportunity ADD CONSTRAINT opportunity_times CHECK (created_at <= assigned_at AND assigned_at <= closed_at)`,
    );
    await db.query(`DROP INDEX opportunity_assigned_at, opportunity_closed_at, opportunity_close_date`);
    // Those without the instant or day have their place in the order too, so that a page can begin behind them.
    await db.query(`CREATE INDEX opportunity_by_assigned_at ON opportunity (COALESCE(assigned_at, '-infinity'), id)`);
    await db.query(`CREATE INDEX opportunity_by_closed_at ON opportunity (COALESCE(closed_at, '-infinity'), id)`);
    await db.query(
      `CREATE INDEX opportunity_by_close_date ON opportunity (COALESCE(expected_close_date, 'infinity'), id)`,
    );
    await db.query(
      `CREATE INDEX opportunity_by_region ON opportunity (region, created_at, id) WHERE region IS NOT NULL`,
    );
    await db.query(
      `CREATE INDEX opportunity_by_customer ON opportunity (customer_id, created_at, id) WHERE customer_id IS NOT NULL`,
    );
    // Early stages are hardly ever won, late ones hardly ever unassigned: the planner has to know, to choose an index.
    await db.query(`CREATE STATISTICS opportunity_progress (mcv) ON status, stage, source FROM opportunity`);
    await db.query(`DROP INDEX opportunity_search`);
    await db.query(DROP_BIGRAMS);
    await db.query(CREATE_PAIRS);
    await db.query(`CREATE INDEX opportunity_search ON opportunity USING gin (pairs(search_text))`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX opportunity_search`);
    await db.query(DROP_PAIRS);
    await db.query(CREATE_BIGRAMS);
    await db.query(`CREATE INDEX opportunity_search ON opportunity USING gin (bigrams(search_text))`);
    await db.query(`ALTER TABLE opportunity DROP CONSTRAINT opportunity_times`);
    await db.query(`DROP STATISTICS opportunity_progress`);
    await db.query(
      `DROP INDEX opportunity_by_assigned_at, opportunity_by_closed_at, opportunity_by_close_date, opportunity_by_region, opportunity_by_customer`,
    );
    await db.query(`CREATE INDEX opportunity_assigned_at ON opportunity (assigned_at)`);
    await db.query(`CREATE INDEX opportunity_closed_at ON opportunity (closed_at)`);
    await db.query(`CREATE INDEX opportunity_close_date ON opportunity (expected_close_date)`);
  }
}

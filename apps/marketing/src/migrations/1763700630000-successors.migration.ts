import { CREATE_SUCCESSORS, DROP_SUCCESSORS } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Won opportunities follow customers that are merged, and come back when that is undone (CUS-6). */
export class Successors1763700630000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const statement of CREATE_SUCCESSORS) await db.query(statement);
    // The customer that the opportunity became, where another stands for it now.
    await db.query(`ALTER TABLE opportunity ADD became_id uuid`);
    await db.query(`CREATE INDEX opportunity_became ON opportunity (became_id) WHERE became_id IS NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE opportunity DROP became_id`);
    for (const statement of DROP_SUCCESSORS) await db.query(statement);
  }
}

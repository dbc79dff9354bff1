import { CREATE_SUCCESSORS, DROP_SUCCESSORS } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tickets follow customers that are merged, and come back when that is undone (CUS-6). */
export class Successors1763700610000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const statement of CREATE_SUCCESSORS) await db.query(statement);
    // The customer that the ticket was opened for, where another stands for it now.
    await db.query(`ALTER TABLE ticket ADD opened_for_id uuid`);
    await db.query(`CREATE INDEX ticket_opened_for ON ticket (opened_for_id) WHERE opened_for_id IS NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE ticket DROP opened_for_id`);
    for (const statement of DROP_SUCCESSORS) await db.query(statement);
  }
}

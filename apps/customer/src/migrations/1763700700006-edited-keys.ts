import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys that customers came to have by an edit while an import ran: who looks after them at its end need not look at all others (CUS-6). */
export class EditedKeys1763700700006 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE edited_key (key text COLLATE "C" NOT NULL)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE edited_key`);
  }
}

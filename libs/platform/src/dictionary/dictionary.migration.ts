import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Values that are picked from lists: the owner's table and the other services' copies have the same shape. */
export class Dictionary1763700000002 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE dictionary_entry (
      id         uuid    NOT NULL CONSTRAINT dictionary_entry_pk PRIMARY KEY,
      type       text    NOT NULL,
      code       text    NOT NULL,
      label_en   text    NOT NULL,
      label_zh   text    NOT NULL,
      sort_order int     NOT NULL,
      active     boolean NOT NULL,
      editable   boolean NOT NULL,
      CONSTRAINT dictionary_entry_code UNIQUE (type, code)
    )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE dictionary_entry`);
  }
}

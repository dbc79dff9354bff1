import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Dictionary1763700000002 } from './dictionary.migration.js';

/**
 * Regions are a tree; entries are edited, and removed when nobody ever used them.
 * `used`: a record carries or carried the code: of this service, in the owner's table of any.
 */
class DictionaryTree1763700000004 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE dictionary_entry
      ADD COLUMN version int     NOT NULL DEFAULT 1,
      ADD COLUMN parent  text,
      ADD COLUMN used    boolean NOT NULL DEFAULT false,
      ADD COLUMN removed boolean NOT NULL DEFAULT false,
      ADD CONSTRAINT dictionary_entry_removed CHECK (NOT (removed AND active))`);
    await db.query(`CREATE INDEX dictionary_entry_parent ON dictionary_entry (type, parent)`);
    await db.query(`CREATE INDEX dictionary_entry_order ON dictionary_entry (type, sort_order, code)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX dictionary_entry_order, dictionary_entry_parent`);
    await db.query(
      `ALTER TABLE dictionary_entry DROP COLUMN removed, DROP COLUMN used, DROP COLUMN parent, DROP COLUMN version`,
    );
  }
}

/** For every service that knows the dictionary. */
export const DICTIONARY_MIGRATIONS = [Dictionary1763700000002, DictionaryTree1763700000004];

import { searchText } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const BATCH = 5_000;
const FIRST = '00000000-0000-0000-0000-000000000000';

/** Tickets are found by the customer's name and show the contact's; one that was removed stays, because tickets name it. */
export class CustomerNames1763700300003 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // Of contacts that were known before, the name comes with their next event.
    await db.query(`ALTER TABLE contact ADD name text, ADD removed boolean NOT NULL DEFAULT false`);
    await db.query(`ALTER TABLE contact ALTER removed DROP DEFAULT`);
    await db.query(`ALTER TABLE customer ADD search_text text`);
    for (let known = await after(db, FIRST); known.length > 0; known = await after(db, known.at(-1)!.id))
      await db.query(
        `UPDATE customer SET search_text = k.text FROM unnest($1::uuid[], $2::text[]) AS k (id, text) WHERE customer.id = k.id`,
        [known.map(({ id }) => id), known.map(({ name }) => searchText(name))],
      );
    await db.query(`ALTER TABLE customer ALTER search_text SET NOT NULL`);
    await db.query(`CREATE INDEX customer_search ON customer USING gin (grams(search_text))`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE customer DROP search_text`);
    await db.query(`DELETE FROM contact WHERE removed`);
    await db.query(`ALTER TABLE contact DROP name, DROP removed`);
  }
}

const after = (db: QueryRunner, id: string): Promise<{ id: string; name: string }[]> =>
  db.query(`SELECT id, name FROM customer WHERE id > $1 ORDER BY id LIMIT ${BATCH}`, [id]);

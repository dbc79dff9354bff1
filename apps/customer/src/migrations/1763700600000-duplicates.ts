import type { MigrationInterface, QueryRunner } from 'typeorm';
import { duplicateKeys } from '../duplicate/duplicate-keys.js';

const BATCH = 2000;
interface Row {
  readonly id: string;
  readonly name: string;
  readonly phone: string | null;
  readonly contacts: { officePhone: string | null; mobile: string | null }[];
}

/** By what customers are recognised as likely the same (CUS-6): loose names and plain phones of the living. */
export class Duplicates1763700600000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE customer ADD duplicate_keys text[] NOT NULL DEFAULT '{}'`);
    await db.query(`CREATE TABLE customer_key (
      key         text COLLATE "C" NOT NULL,
      customer_id uuid    NOT NULL,
      again       boolean NOT NULL,
      CONSTRAINT customer_key_pk PRIMARY KEY (key, customer_id)
    )`);
    await db.query(`CREATE INDEX customer_key_again ON customer_key (key) WHERE again`);

    let after = '00000000-0000-0000-0000-000000000000';
    for (;;) {
      const rows: Row[] = await db.query(
        `SELECT id, name, phone, (SELECT coalesce(json_agg(json_build_object('officePhone', c.office_phone, 'mobile', c.mobile)), '[]')
                                    FROM contact c WHERE c.customer_id = t.id) AS contacts
           FROM customer t WHERE id > $1 ORDER BY id LIMIT ${BATCH}`,
        [after],
      );
      if (rows.length === 0) break;
      after = rows.at(-1)!.id;
      await db.query(
        `UPDATE customer c SET duplicate_keys = ARRAY(SELECT jsonb_array_elements_text(k.keys))
           FROM jsonb_to_recordset($1::jsonb) AS k(id uuid, keys jsonb) WHERE c.id = k.id`,
        [JSON.stringify(rows.map((row) => ({ id: row.id, keys: duplicateKeys([row], row.contacts) })))],
      );
    }
    await db.query(
      `INSERT INTO customer_key (key, customer_id, again)
       SELECT key, id, row_number() OVER (PARTITION BY key ORDER BY id) > 1
         FROM customer, unnest(duplicate_keys) AS key WHERE deleted_at IS NULL`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE customer_key`);
    await db.query(`ALTER TABLE customer DROP duplicate_keys`);
  }
}

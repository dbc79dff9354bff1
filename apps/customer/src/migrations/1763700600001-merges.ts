import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Customers that were merged into others, and what is needed to undo it (CUS-6). */
export class Merges1763700600001 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // A merged customer is deleted, for all that lists the living, and has a survivor: at once the last one of a chain of merges.
    await db.query(
      `ALTER TABLE customer ADD survivor_id uuid CONSTRAINT customer_survivor REFERENCES customer,
         ADD CONSTRAINT customer_merged CHECK (survivor_id IS NULL OR deleted_at IS NOT NULL AND survivor_id <> id)`,
    );
    await db.query(
      `CREATE INDEX customer_merged_into ON customer (survivor_id, created_at, id) WHERE survivor_id IS NOT NULL`,
    );
    await db.query(
      `CREATE INDEX customer_merged_ref ON customer (external_ref) WHERE survivor_id IS NOT NULL AND external_ref IS NOT NULL`,
    );
    await db.query(`CREATE INDEX customer_merged_name ON customer (folded_name) WHERE survivor_id IS NOT NULL`);
    await db.query(`CREATE FUNCTION successor_of(id uuid) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
      RETURN coalesce((SELECT c.survivor_id FROM customer c WHERE c.id = successor_of.id), successor_of.id)`);

    await db.query(`CREATE TABLE customer_merge (
      id        uuid        NOT NULL CONSTRAINT customer_merge_pk PRIMARY KEY,
      merged_id uuid        NOT NULL CONSTRAINT customer_merge_merged REFERENCES customer,
      into_id   uuid        NOT NULL CONSTRAINT customer_merge_into REFERENCES customer,
      merged_by uuid,
      merged_at timestamptz NOT NULL,
      undone_by uuid,
      undone_at timestamptz,
      taken     jsonb       NOT NULL
    )`);
    await db.query(`CREATE UNIQUE INDEX customer_merge_standing ON customer_merge (merged_id) WHERE undone_at IS NULL`);
    await db.query(`CREATE INDEX customer_merge_list ON customer_merge (merged_at, id)`);
    await db.query(`CREATE INDEX customer_merge_of_merged ON customer_merge (merged_id, merged_at, id)`);
    await db.query(`CREATE INDEX customer_merge_of_survivor ON customer_merge (into_id, merged_at, id)`);
    await db.query(`CREATE TABLE customer_merge_move (
      merge_id  uuid  NOT NULL CONSTRAINT customer_merge_move_merge REFERENCES customer_merge,
      kind      text  NOT NULL,
      record_id uuid  NOT NULL,
      before    jsonb NOT NULL,
      CONSTRAINT customer_merge_move_pk PRIMARY KEY (merge_id, kind, record_id)
    )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE customer_merge_move, customer_merge`);
    await db.query(`DROP FUNCTION successor_of(uuid)`);
    await db.query(`ALTER TABLE customer DROP survivor_id`);
  }
}

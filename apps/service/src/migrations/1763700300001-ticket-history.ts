import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLE = (id: string, actor: string) => `CREATE TABLE ticket_history (
  id        ${id} CONSTRAINT ticket_history_pk PRIMARY KEY,
  ticket_id uuid        NOT NULL CONSTRAINT ticket_history_ticket REFERENCES ticket,
  at        timestamptz NOT NULL,
  actor_id  uuid        ${actor},
  act       text        NOT NULL,
  details   jsonb       NOT NULL
)`;
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** The timeline gets the shape of all others (SVC-7): numbered by the database, and an actor only where somebody acted. */
export class TicketHistory1763700300001 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await setAside(db);
    await db.query(TABLE('bigint GENERATED ALWAYS AS IDENTITY', ''));
    await db.query(`INSERT INTO ticket_history (ticket_id, at, actor_id, act, details)
      SELECT ticket_id, at, actor_id, CASE act WHEN 'updated' THEN 'edited' ELSE act END, details FROM ticket_history_before ORDER BY at, id`);
    await db.query(`DROP TABLE ticket_history_before`);
    await db.query(`CREATE INDEX ticket_history_timeline ON ticket_history (ticket_id, at, id)`);
  }

  /** Ids that grow, as the numbers do. */
  async down(db: QueryRunner): Promise<void> {
    await setAside(db);
    await db.query(TABLE('uuid NOT NULL', 'NOT NULL'));
    await db.query(`INSERT INTO ticket_history (id, ticket_id, at, actor_id, act, details)
      SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(id), 12, '0'))::uuid, ticket_id, at, COALESCE(actor_id, '${NOBODY}'),
        CASE act WHEN 'edited' THEN 'updated' ELSE act END, details FROM ticket_history_before`);
    await db.query(`DROP TABLE ticket_history_before`);
    await db.query(`CREATE INDEX ticket_history_of ON ticket_history (ticket_id, at, id)`);
  }
}

async function setAside(db: QueryRunner): Promise<void> {
  await db.query(`ALTER TABLE ticket_history RENAME TO ticket_history_before`);
  await db.query(
    `ALTER TABLE ticket_history_before DROP CONSTRAINT ticket_history_pk, DROP CONSTRAINT ticket_history_ticket`,
  );
}

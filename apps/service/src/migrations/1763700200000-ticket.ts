import { CREATE_BIGRAMS, DROP_BIGRAMS } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Ticket1763700200000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE SEQUENCE ticket_code`);
    await db.query(`CREATE TABLE ticket (
      id           uuid        NOT NULL CONSTRAINT ticket_pk PRIMARY KEY,
      code         text        NOT NULL CONSTRAINT ticket_code_unique UNIQUE,
      version      int         NOT NULL,
      status       text        NOT NULL CONSTRAINT ticket_status CHECK (status IN ('created', 'assigned', 'handled', 'archived')),
      type         text        NOT NULL,
      priority     text        NOT NULL CONSTRAINT ticket_priority CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
      summary      text        NOT NULL,
      request      text        NOT NULL,
      customer_id  uuid        NOT NULL,
      contact_id   uuid,
      creator_id   uuid        NOT NULL,
      created_at   timestamptz NOT NULL,
      assignee_id  uuid,
      assigned_at  timestamptz,
      round        int         NOT NULL CONSTRAINT ticket_round CHECK (round > 0),
      handling     text,
      handled_by   uuid,
      handled_at   timestamptz,
      result       text,
      satisfaction int         CONSTRAINT ticket_satisfaction CHECK (satisfaction BETWEEN 1 AND 5),
      archived_at  timestamptz,
      deleted_at   timestamptz,
      search_text  text        NOT NULL,
      CONSTRAINT ticket_assigned CHECK ((status = 'created') = (assignee_id IS NULL)),
      CONSTRAINT ticket_handled  CHECK (status NOT IN ('handled', 'archived') OR handling IS NOT NULL),
      CONSTRAINT ticket_archived CHECK ((status = 'archived') = (archived_at IS NOT NULL)),
      CONSTRAINT ticket_content  CHECK (status <> 'archived' OR satisfaction >= 3),
      CONSTRAINT ticket_withdrawn CHECK (deleted_at IS NULL OR status = 'created')
    )`);
    await db.query(`CREATE INDEX ticket_list ON ticket (created_at, id)`);
    await db.query(`CREATE INDEX ticket_of_customer ON ticket (customer_id, created_at)`);
    await db.query(`CREATE INDEX ticket_of_assignee ON ticket (assignee_id, created_at)`);
    await db.query(`CREATE INDEX ticket_open ON ticket (status, created_at) WHERE status <> 'archived'`);

    await db.query(CREATE_BIGRAMS);
    await db.query(`CREATE INDEX ticket_search ON ticket USING gin (bigrams(search_text))`);

    await db.query(`CREATE TABLE ticket_history (
      id        uuid        NOT NULL CONSTRAINT ticket_history_pk PRIMARY KEY,
      ticket_id uuid        NOT NULL CONSTRAINT ticket_history_ticket REFERENCES ticket,
      at        timestamptz NOT NULL,
      actor_id  uuid        NOT NULL,
      act       text        NOT NULL,
      details   jsonb       NOT NULL
    )`);
    await db.query(`CREATE INDEX ticket_history_of ON ticket_history (ticket_id, at, id)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE ticket_history, ticket`);
    await db.query(DROP_BIGRAMS);
    await db.query(`DROP SEQUENCE ticket_code`);
  }
}

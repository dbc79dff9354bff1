import type { MigrationInterface, QueryRunner } from 'typeorm';
import { searchTerms } from '../ticket/search-terms.js';

const BATCH = 1_000;
const FIRST = '00000000-0000-0000-0000-000000000000';
interface Archived {
  readonly id: string;
  readonly archivedAt: Date;
  readonly summary: string;
  readonly request: string;
  readonly handling: string;
}

/** What archived tickets are found by when somebody looks for similar ones (SVC-6). */
export class TicketTerms1763700300004 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE ticket_terms (
      ticket_id   uuid        NOT NULL CONSTRAINT ticket_terms_pk PRIMARY KEY CONSTRAINT ticket_terms_ticket REFERENCES ticket,
      archived_at timestamptz NOT NULL,
      terms       text[]      NOT NULL
    )`);
    for (let tickets = await after(db, FIRST); tickets.length > 0; tickets = await after(db, tickets.at(-1)!.id))
      await db.query(
        `INSERT INTO ticket_terms (ticket_id, archived_at, terms)
           SELECT id, archived_at, ARRAY(SELECT jsonb_array_elements_text(terms))
             FROM unnest($1::uuid[], $2::timestamptz[], $3::jsonb[]) AS k (id, archived_at, terms)`,
        [
          tickets.map(({ id }) => id),
          tickets.map(({ archivedAt }) => archivedAt),
          tickets.map((each) => JSON.stringify(searchTerms(each.summary, each.request, each.handling))),
        ],
      );
    await db.query(`CREATE INDEX ticket_terms_any ON ticket_terms USING gin (terms)`);
    await db.query(`CREATE INDEX ticket_terms_newest ON ticket_terms (archived_at, ticket_id)`);
    // How common terms are is read from the statistics; ten terms are kept for each one of this number.
    await db.query(`ALTER TABLE ticket_terms ALTER terms SET STATISTICS 500`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE ticket_terms`);
  }
}

const after = (db: QueryRunner, id: string): Promise<Archived[]> =>
  db.query(
    `SELECT id, archived_at AS "archivedAt", summary, request, handling FROM ticket WHERE status = 'archived' AND id > $1
      ORDER BY id LIMIT ${BATCH}`,
    [id],
  );

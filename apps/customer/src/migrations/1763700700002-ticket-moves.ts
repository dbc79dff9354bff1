import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A ticket may be moved to another customer (SVC-5): by its moves, too, its later events find whose timeline they belong on. */
export class TicketMoves1763700700002 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`SET LOCAL statement_timeout = 0`);
    await db.query(`DROP INDEX customer_history_ticket`);
    await db.query(
      `CREATE INDEX customer_history_ticket ON customer_history ((details->>'ticketId'), id) WHERE act IN ('ticket-created', 'ticket-moved')`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX customer_history_ticket`);
    await db.query(
      `CREATE INDEX customer_history_ticket ON customer_history ((details->>'ticketId')) WHERE act = 'ticket-created'`,
    );
  }
}

import { CREATE_BIGRAMS, CREATE_GRAMS, CREATE_PAIRS, DROP_BIGRAMS, DROP_GRAMS, DROP_PAIRS } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const INDEXES = {
  // Filters together with the default sort.
  ticket_by_status: 'status, created_at, id',
  ticket_by_type: 'type, created_at, id',
  ticket_by_priority: 'priority, created_at, id',
  ticket_by_customer: 'customer_id, created_at, id',
  ticket_by_contact: 'contact_id, created_at, id',
  ticket_by_assignee: 'assignee_id, created_at, id',
  ticket_by_creator: 'creator_id, created_at, id',
  // Sorts, which answer the filters of their names too; what has not happened yet comes before all that has.
  ticket_created_at: 'created_at, id',
  ticket_assigned_at: `COALESCE(assigned_at, '-infinity'::timestamptz), id`,
  ticket_handled_at: `COALESCE(handled_at, '-infinity'::timestamptz), id`,
  ticket_archived_at: `COALESCE(archived_at, '-infinity'::timestamptz), id`,
  ticket_satisfaction_rank: 'COALESCE(satisfaction, 0), id',
  ticket_priority_rank: `array_position(ARRAY['low', 'normal', 'high', 'urgent'], priority), id`,
};

/** Every filter, every sort and every search of the list has an index at a million tickets. */
export class TicketLists1763700300002 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX ticket_list, ticket_of_customer, ticket_of_assignee, ticket_open`);
    for (const [name, columns] of Object.entries(INDEXES))
      await db.query(`CREATE INDEX ${name} ON ticket (${columns}) WHERE deleted_at IS NULL`);
    await db.query(`DROP INDEX ticket_search`);
    await db.query(DROP_BIGRAMS);
    await db.query(CREATE_PAIRS);
    await db.query(CREATE_GRAMS);
    await db.query(`CREATE INDEX ticket_search ON ticket USING gin (grams(search_text))`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX ticket_search`);
    await db.query(DROP_GRAMS);
    await db.query(DROP_PAIRS);
    await db.query(CREATE_BIGRAMS);
    await db.query(`CREATE INDEX ticket_search ON ticket USING gin (bigrams(search_text))`);
    await db.query(`DROP INDEX ${Object.keys(INDEXES).join(', ')}`);
    await db.query(`CREATE INDEX ticket_list ON ticket (created_at, id)`);
    await db.query(`CREATE INDEX ticket_of_customer ON ticket (customer_id, created_at)`);
    await db.query(`CREATE INDEX ticket_of_assignee ON ticket (assignee_id, created_at)`);
    await db.query(`CREATE INDEX ticket_open ON ticket (status, created_at) WHERE status <> 'archived'`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `fold` in SQL, for the contacts that are there already. */
const folded = (sql: string) => `regexp_replace(lower(normalize(${sql}, NFKC)), '[\\s\\-‐‑–—]+', '', 'g')`;

/** What is known of customers, and the indexes by which it is found (CUS-3 to CUS-5, CUS-9). */
export class CustomerKnowledge1763700500000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // A million customers take longer than a statement of a request may.
    await db.query(`SET LOCAL statement_timeout = 0`);
    await this.indexCustomers(db);
    await this.indexContacts(db);
    await this.createActivities(db);
    await this.copyOwners(db);

    // By the ticket its later events find the customer, also one that it was moved to since.
    await db.query(
      `CREATE INDEX customer_history_ticket ON customer_history ((details->>'ticketId')) WHERE act = 'ticket-created'`,
    );
    await db.query(`INSERT INTO customer_history (customer_id, at, act, details)
      SELECT id, created_at, 'created',
             jsonb_strip_nulls(jsonb_build_object('code', code, 'name', name, 'opportunityId', source_opportunity_id))
        FROM customer c
       WHERE NOT EXISTS (SELECT FROM customer_history h WHERE h.customer_id = c.id AND h.act = 'created')
       ORDER BY created_at`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX customer_history_ticket`);
    await db.query(`DROP TRIGGER customer_owner_changed ON customer`);
    await db.query(`DROP TABLE activity`);
    await db.query(`DROP TRIGGER contact_owner ON contact`);
    await db.query(`DROP FUNCTION copy_new_owner, copy_owner`);
    await db.query(
      `DROP INDEX contact_by_owner, contact_created_at, contact_name, contact_birthday, contact_tags, contact_search`,
    );
    await db.query(`ALTER TABLE contact DROP COLUMN search_text, DROP COLUMN owner_id`);
    await db.query(`DROP INDEX customer_by_status, customer_region, customer_level, customer_industry, customer_nature,
      customer_type, customer_satisfaction_score, customer_credit_score, customer_tags, customer_by_level, customer_last_order`);
  }

  /**
   * A filter's matches in the order of the list, so that a value which only old customers have costs no walk through all others.
   * What a customer does not have stands in none of these.
   */
  private async indexCustomers(db: QueryRunner): Promise<void> {
    const newest = (index: string, column: string, where: string) =>
      db.query(`CREATE INDEX ${index} ON customer (${column}, created_at, id) WHERE deleted_at IS NULL AND ${where}`);
    await newest('customer_by_status', 'status', `status <> 'active'`);
    for (const column of ['region', 'level', 'industry', 'nature', 'type'])
      await newest(`customer_${column}`, column, `${column} IS NOT NULL`);
    await newest('customer_satisfaction_score', 'satisfaction', 'satisfaction IS NOT NULL');
    await newest('customer_credit_score', 'credit', 'credit IS NOT NULL');
    await db.query(`CREATE INDEX customer_tags ON customer USING gin (tags) WHERE deleted_at IS NULL AND tags <> '{}'`);
    // Not partial: only then does PostgreSQL know how often an expression has which value.
    await db.query(`CREATE INDEX customer_by_level ON customer ((coalesce(level, '')), id)`);
    await db.query(`CREATE INDEX customer_last_order ON customer ((coalesce(last_order_date, '-infinity'::date)), id)`);
  }

  private async indexContacts(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE contact ADD COLUMN search_text text NOT NULL DEFAULT '', ADD COLUMN owner_id uuid`);
    await db.query(`UPDATE contact k SET owner_id = c.owner_id, search_text = concat_ws(chr(10),
        ${folded('k.name')}, ${folded('k.office_phone')}, ${folded('k.mobile')}, ${folded('k.email')}, ${folded('c.name')})
      FROM customer c WHERE c.id = k.customer_id`);
    await db.query(`CREATE INDEX contact_by_owner ON contact (owner_id, created_at, id)`);
    await db.query(`CREATE INDEX contact_created_at ON contact (created_at, id)`);
    await db.query(`CREATE INDEX contact_name ON contact (name, id)`);
    await db.query(`CREATE INDEX contact_birthday ON contact (birthday, created_at, id) WHERE birthday IS NOT NULL`);
    await db.query(`CREATE INDEX contact_tags ON contact USING gin (tags) WHERE tags <> '{}'`);
    await db.query(`CREATE INDEX contact_search ON contact USING gin (pairs(search_text))`);
  }

  private async createActivities(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE activity (
      id                  uuid        NOT NULL CONSTRAINT activity_pk PRIMARY KEY,
      customer_id         uuid        NOT NULL CONSTRAINT activity_customer REFERENCES customer (id),
      owner_id            uuid,
      version             int         NOT NULL,
      date                date        NOT NULL,
      kind                text        NOT NULL,
      place               text,
      summary             text        NOT NULL,
      detail              text,
      participants        text,
      contact_id          uuid,
      next_follow_up_date date,
      next_follow_up_todo text        CONSTRAINT activity_follow_up_day CHECK (next_follow_up_todo IS NULL OR next_follow_up_date IS NOT NULL),
      author_id           uuid        NOT NULL,
      created_at          timestamptz NOT NULL,
      search_text         text        NOT NULL
    )`);
    await db.query(`CREATE INDEX activity_of_customer ON activity (customer_id, date, id)`);
    await db.query(`CREATE INDEX activity_date ON activity (date, id)`);
    await db.query(`CREATE INDEX activity_by_owner ON activity (owner_id, date, id)`);
    await db.query(`CREATE INDEX activity_author ON activity (author_id, date, id)`);
    await db.query(`CREATE INDEX activity_kind ON activity (kind, date, id)`);
    await db.query(`CREATE INDEX activity_contact ON activity (contact_id, date, id) WHERE contact_id IS NOT NULL`);
    const day = `(coalesce(next_follow_up_date, 'infinity'::date))`;
    await db.query(`CREATE INDEX activity_follow_up ON activity (${day}, id)`);
    await db.query(`CREATE INDEX activity_owner_follow_up ON activity (owner_id, ${day}, id)`);
    await db.query(`CREATE INDEX activity_search ON activity USING gin (pairs(search_text))`);
  }

  /**
   * Contacts and activities are found by the owner of their customer, in the order of their lists; no index reaches over two tables,
   * so they have a copy of it. Kept here, no path that gives a customer another owner, or a record another customer, can forget it.
   */
  private async copyOwners(db: QueryRunner): Promise<void> {
    await db.query(`CREATE FUNCTION copy_owner() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
      BEGIN
        SELECT c.owner_id INTO NEW.owner_id FROM customer c WHERE c.id = NEW.customer_id FOR SHARE;
        RETURN NEW;
      END $$`);
    for (const table of ['contact', 'activity'])
      await db.query(
        `CREATE TRIGGER ${table}_owner BEFORE INSERT OR UPDATE OF customer_id ON ${table} FOR EACH ROW EXECUTE FUNCTION copy_owner()`,
      );
    await db.query(`CREATE FUNCTION copy_new_owner() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
      BEGIN
        UPDATE contact SET owner_id = NEW.owner_id WHERE customer_id = NEW.id;
        UPDATE activity SET owner_id = NEW.owner_id WHERE customer_id = NEW.id;
        RETURN NULL;
      END $$`);
    await db.query(`CREATE TRIGGER customer_owner_changed AFTER UPDATE OF owner_id ON customer FOR EACH ROW
      WHEN (OLD.owner_id IS DISTINCT FROM NEW.owner_id) EXECUTE FUNCTION copy_new_owner()`);
  }
}

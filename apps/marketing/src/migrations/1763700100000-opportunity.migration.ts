import { CREATE_BIGRAMS, DROP_BIGRAMS } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Opportunities, their development plans and their timelines. */
export class Opportunity1763700100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(CREATE_BIGRAMS);
    await db.query(`CREATE SEQUENCE opportunity_code`);
    await db.query(`CREATE TABLE opportunity (
      id                  uuid          NOT NULL CONSTRAINT opportunity_pk PRIMARY KEY,
      code                text          NOT NULL CONSTRAINT opportunity_code_unique UNIQUE,
      version             int           NOT NULL,
      status              text          NOT NULL
        CONSTRAINT opportunity_status CHECK (status IN ('unassigned', 'assigned', 'won', 'lost')),
      stage               text          NOT NULL,
      source              text,
      customer_name       text          NOT NULL,
      summary             text          NOT NULL,
      description         text          NOT NULL,
      customer_need       text,
      competitors         text,
      region              text,
      success_rate        int           NOT NULL CONSTRAINT opportunity_success_rate CHECK (success_rate BETWEEN 0 AND 100),
      expected_amount     numeric(19,4) CONSTRAINT opportunity_amount CHECK (expected_amount > 0),
      currency            text          CONSTRAINT opportunity_currency CHECK (currency ~ '^[A-Z]{3}$'),
      expected_close_date date,
      contact_name        text,
      contact_phone       text,
      creator_id          uuid          NOT NULL,
      created_at          timestamptz   NOT NULL,
      assignee_id         uuid,
      assigned_at         timestamptz,
      closed_at           timestamptz,
      close_reason        text,
      customer_id         uuid,
      external_id         text          CONSTRAINT opportunity_external_id UNIQUE,
      search_text         text          NOT NULL,
      CONSTRAINT opportunity_amount_has_currency CHECK (expected_amount IS NULL OR currency IS NOT NULL),
      CONSTRAINT opportunity_assigned CHECK ((status = 'unassigned') = (assignee_id IS NULL)),
      CONSTRAINT opportunity_closed CHECK ((status IN ('won', 'lost')) = (closed_at IS NOT NULL)),
      CONSTRAINT opportunity_reason CHECK (status <> 'lost' OR close_reason IS NOT NULL),
      CONSTRAINT opportunity_customer CHECK (customer_id IS NULL OR status = 'won')
    )`);
    // Each sort, and each filter together with the default sort.
    await db.query(`CREATE INDEX opportunity_created ON opportunity (created_at, id)`);
    await db.query(`CREATE INDEX opportunity_by_status ON opportunity (status, created_at, id)`);
    await db.query(`CREATE INDEX opportunity_by_stage ON opportunity (stage, created_at, id)`);
    await db.query(`CREATE INDEX opportunity_by_source ON opportunity (source, created_at, id)`);
    await db.query(`CREATE INDEX opportunity_by_currency ON opportunity (currency, created_at, id)`);
    await db.query(`CREATE INDEX opportunity_by_assignee ON opportunity (assignee_id, created_at, id)`);
    await db.query(`CREATE INDEX opportunity_by_creator ON opportunity (creator_id, created_at, id)`);
    await db.query(`CREATE INDEX opportunity_by_name ON opportunity (customer_name, id)`);
    await db.query(`CREATE INDEX opportunity_by_rate ON opportunity (success_rate, id)`);
    await db.query(`CREATE INDEX opportunity_by_amount ON opportunity (COALESCE(expected_amount, 0), id)`);
    await db.query(`CREATE INDEX opportunity_assigned_at ON opportunity (assigned_at)`);
    await db.query(`CREATE INDEX opportunity_closed_at ON opportunity (closed_at)`);
    await db.query(`CREATE INDEX opportunity_close_date ON opportunity (expected_close_date)`);
    await db.query(`CREATE INDEX opportunity_search ON opportunity USING gin (bigrams(search_text))`);

    await db.query(`CREATE TABLE plan_item (
      id             uuid        NOT NULL CONSTRAINT plan_item_pk PRIMARY KEY,
      version        int         NOT NULL,
      opportunity_id uuid        NOT NULL CONSTRAINT plan_item_opportunity REFERENCES opportunity ON DELETE CASCADE,
      date           date        NOT NULL,
      todo           text        NOT NULL,
      result         text,
      executed_at    timestamptz,
      CONSTRAINT plan_item_executed CHECK ((result IS NULL) = (executed_at IS NULL))
    )`);
    await db.query(`CREATE INDEX plan_item_plan ON plan_item (opportunity_id, date, id)`);

    // Written while the opportunity’s row is locked, so id and time have the order in which things happened.
    await db.query(`CREATE TABLE opportunity_history (
      id             bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT opportunity_history_pk PRIMARY KEY,
      opportunity_id uuid        NOT NULL CONSTRAINT opportunity_history_opportunity REFERENCES opportunity ON DELETE CASCADE,
      at             timestamptz NOT NULL DEFAULT clock_timestamp(),
      actor_id       uuid,
      act            text        NOT NULL,
      details        jsonb       NOT NULL
    )`);
    await db.query(`CREATE INDEX opportunity_history_timeline ON opportunity_history (opportunity_id, at, id)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE opportunity_history, plan_item, opportunity`);
    await db.query(`DROP SEQUENCE opportunity_code`);
    await db.query(DROP_BIGRAMS);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Customers who have bought nothing for too long (CHU-1 to CHU-5). */
export class Churn1763700700000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE churn_alert (
      id              uuid        NOT NULL CONSTRAINT churn_alert_pk PRIMARY KEY,
      customer_id     uuid        NOT NULL CONSTRAINT churn_alert_customer REFERENCES customer,
      version         int         NOT NULL,
      status          text        NOT NULL CONSTRAINT churn_alert_status CHECK (status IN ('warning', 'postponed', 'lost', 'recovered')),
      last_order_date date,
      since           date        NOT NULL,
      as_of           date        NOT NULL,
      period_start    date        NOT NULL CONSTRAINT churn_alert_period CHECK (since < period_start AND period_start <= as_of),
      raised_at       timestamptz NOT NULL,
      reason          text,
      lost_at         timestamptz,
      recovered_at    timestamptz,
      CONSTRAINT churn_alert_lost CHECK ((status = 'lost') = (lost_at IS NOT NULL) AND (status = 'lost') = (reason IS NOT NULL)),
      CONSTRAINT churn_alert_recovered CHECK ((status = 'recovered') = (recovered_at IS NOT NULL))
    )`);
    await db.query(
      `CREATE UNIQUE INDEX churn_alert_one_open ON churn_alert (customer_id) WHERE status IN ('warning', 'postponed')`,
    );
    await db.query(`CREATE INDEX churn_alert_of_customer ON churn_alert (customer_id, raised_at, id)`);
    await db.query(`CREATE INDEX churn_alert_by_raising ON churn_alert (raised_at, id)`);
    await db.query(`CREATE INDEX churn_alert_by_status ON churn_alert (status, raised_at, id)`);
    await db.query(`CREATE INDEX churn_alert_by_last_order ON churn_alert (last_order_date)`);
    await db.query(`CREATE INDEX churn_alert_by_since ON churn_alert (since, id)`);
    await db.query(`CREATE INDEX churn_alert_by_loss ON churn_alert (lost_at) WHERE lost_at IS NOT NULL`);

    await db.query(`CREATE TABLE churn_measure (
      id        uuid NOT NULL CONSTRAINT churn_measure_pk PRIMARY KEY,
      alert_id  uuid NOT NULL CONSTRAINT churn_measure_alert REFERENCES churn_alert,
      date      date NOT NULL,
      measure   text NOT NULL,
      author_id uuid NOT NULL
    )`);
    await db.query(`CREATE INDEX churn_measure_of_alert ON churn_measure (alert_id, date, id)`);

    await db.query(`CREATE TABLE churn_weekly_scan (
      saturday   date        NOT NULL CONSTRAINT churn_weekly_scan_pk PRIMARY KEY,
      started_at timestamptz NOT NULL DEFAULT now()
    )`);

    // All that a scan looks at, in the order in which it locks: a million customers are read in a fraction of a second.
    await db.query(
      `CREATE INDEX customer_churn ON customer (id) INCLUDE (last_order_date, created_at) WHERE deleted_at IS NULL AND status = 'active'`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX customer_churn`);
    await db.query(`DROP TABLE churn_weekly_scan, churn_measure, churn_alert`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Background jobs: what they shall do, how far they are, and what came of it. */
export class Job1763700000003 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE job (
      id          uuid        NOT NULL CONSTRAINT job_pk PRIMARY KEY,
      kind        text        NOT NULL,
      access      text        NOT NULL,
      creator_id  text        NOT NULL,
      creator     jsonb       NOT NULL,
      traceparent text,
      status      text        NOT NULL DEFAULT 'queued' CONSTRAINT job_status CHECK (status IN ('queued', 'running', 'succeeded', 'failed')),
      parameters  jsonb       NOT NULL,
      columns     text[]      NOT NULL,
      position    jsonb,
      total       int,
      processed   int         NOT NULL DEFAULT 0,
      failed      int         NOT NULL DEFAULT 0,
      error       jsonb,
      undoes      uuid        CONSTRAINT job_undoes_job REFERENCES job,
      attempts    int         NOT NULL DEFAULT 0,
      lease       int         NOT NULL DEFAULT 0,
      lease_until timestamptz,
      created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
      started_at  timestamptz,
      finished_at timestamptz
    )`);
    await db.query(`CREATE INDEX job_open ON job (created_at, id) WHERE status IN ('queued', 'running')`);
    // One that failed half-way may be asked for again.
    await db.query(`CREATE UNIQUE INDEX job_undone_once ON job (undoes) WHERE status <> 'failed'`);

    // No reference to the job, which is made when all of its input is there.
    await db.query(`CREATE TABLE job_input (
      job_id    uuid        NOT NULL,
      place     int         NOT NULL,
      bytes     bytea       NOT NULL,
      stored_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT job_input_pk PRIMARY KEY (job_id, place)
    )`);
    // Compressing costs more time than writing.
    await db.query(`ALTER TABLE job_input ALTER COLUMN bytes SET STORAGE EXTERNAL`);
    await db.query(`CREATE INDEX job_input_age ON job_input (stored_at) WHERE place = 0`);

    await db.query(`CREATE TABLE job_error (
      job_id uuid   NOT NULL CONSTRAINT job_error_job REFERENCES job,
      line   int    NOT NULL,
      errors jsonb  NOT NULL,
      cells  text[] NOT NULL,
      CONSTRAINT job_error_pk PRIMARY KEY (job_id, line)
    )`);
    await db.query(`CREATE TABLE job_result (
      job_id    uuid  NOT NULL,
      line      int   NOT NULL,
      record_id uuid,
      details   jsonb NOT NULL,
      CONSTRAINT job_result_pk PRIMARY KEY (job_id, line)
    )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE job_result, job_error, job_input, job`);
  }
}

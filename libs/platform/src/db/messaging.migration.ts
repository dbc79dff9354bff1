import { fewStatistics } from './statistics.js';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What every service needs to publish and receive events, and to answer a repeated request. */
class Messaging1763700000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE event_sequence (
      aggregate    text   NOT NULL,
      aggregate_id text   NOT NULL,
      sequence     bigint NOT NULL,
      CONSTRAINT event_sequence_pk PRIMARY KEY (aggregate, aggregate_id)
    )`);

    await db.query(`CREATE SEQUENCE outbox_id`);
    await db.query(`CREATE TABLE outbox (
      id           bigint      NOT NULL DEFAULT nextval('outbox_id'),
      event_id     uuid        NOT NULL,
      aggregate    text        NOT NULL,
      aggregate_id text        NOT NULL,
      sequence     bigint      NOT NULL,
      type         text        NOT NULL,
      data         jsonb       NOT NULL,
      actor_id     text,
      traceparent  text,
      occurred_at  timestamptz NOT NULL DEFAULT now(),
      published_at timestamptz,
      stream_seq   bigint,
      CONSTRAINT outbox_pk PRIMARY KEY (id, occurred_at)
    ) PARTITION BY RANGE (occurred_at)`);
    await db.query(`CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL`);
    await db.query(`CREATE INDEX outbox_stream_seq ON outbox (stream_seq) WHERE stream_seq IS NOT NULL`);
    await db.query(`CREATE INDEX outbox_history ON outbox (aggregate, aggregate_id, sequence)`);
    await db.query(
      `CREATE TABLE relay_epoch (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), epoch bigint NOT NULL)`,
    );
    await db.query(`INSERT INTO relay_epoch (epoch) VALUES (0)`);

    await db.query(`CREATE TABLE consumer_position (
      consumer     text    NOT NULL,
      aggregate_id text    NOT NULL,
      sequence     bigint  NOT NULL,
      blocked      boolean NOT NULL DEFAULT false,
      CONSTRAINT consumer_position_pk PRIMARY KEY (consumer, aggregate_id)
    )`);
    await db.query(`CREATE TABLE consumer_progress (
      consumer   text        NOT NULL CONSTRAINT consumer_progress_pk PRIMARY KEY,
      stream_seq bigint      NOT NULL DEFAULT 0,
      stored_at  timestamptz,
      caught_up  boolean     NOT NULL DEFAULT false,
      changed_at timestamptz NOT NULL DEFAULT now()
    )`);
    await db.query(`CREATE TABLE dead_letter (
      id           uuid        NOT NULL CONSTRAINT dead_letter_pk PRIMARY KEY,
      consumer     text        NOT NULL,
      aggregate_id text        NOT NULL,
      sequence     bigint,
      type         text        NOT NULL,
      event        jsonb       NOT NULL,
      status       text        NOT NULL CONSTRAINT dead_letter_status CHECK (status IN ('retrying', 'dead', 'queued', 'discarded')),
      attempts     int         NOT NULL DEFAULT 0,
      error        text,
      reason       text,
      decided_by   text,
      at           timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT dead_letter_event UNIQUE (consumer, aggregate_id, sequence)
    )`);
    await db.query(`CREATE INDEX dead_letter_list ON dead_letter (at, id)`);

    await db.query(`CREATE TABLE idempotency_key (
      principal   text        NOT NULL,
      key         text        NOT NULL,
      fingerprint text        NOT NULL,
      status      int,
      answer      json,
      created_at  timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT idempotency_key_pk PRIMARY KEY (principal, key)
    )`);
    await db.query(`CREATE INDEX idempotency_key_age ON idempotency_key (created_at)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      `DROP TABLE idempotency_key, dead_letter, consumer_progress, consumer_position, relay_epoch, outbox, event_sequence`,
    );
    await db.query(`DROP SEQUENCE outbox_id`);
  }
}

/** Nobody reads the outbox by record, and each event paid for it twice: when it was written and when it was marked. */
class OutboxIndexes1763700000004 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX outbox_history`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX outbox_history ON outbox (aggregate, aggregate_id, sequence)`);
  }
}

const BY_KEY = ['event_sequence', 'outbox', 'consumer_position', 'consumer_progress', 'idempotency_key'];

/** They grow with every event, and are asked by index, never to choose among values. */
class FewStatistics1763700000005 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const table of BY_KEY) await db.query(fewStatistics(table));
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of BY_KEY) await db.query(fewStatistics(table, -1));
  }
}

export const MESSAGING_MIGRATIONS = [Messaging1763700000000, OutboxIndexes1763700000004, FewStatistics1763700000005];

import { CREATE_BIGRAMS, DROP_BIGRAMS } from '#platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Customer1763700100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(CREATE_BIGRAMS);
    await db.query(`CREATE SEQUENCE customer_number`);
    await db.query(`CREATE TABLE customer (
      id                    uuid        NOT NULL CONSTRAINT customer_pk PRIMARY KEY,
      code                  text        NOT NULL CONSTRAINT customer_code UNIQUE,
      version               int         NOT NULL,
      status                text        NOT NULL CONSTRAINT customer_status CHECK (status IN ('active', 'at_risk', 'lost')),
      name                  text        NOT NULL,
      folded_name           text        NOT NULL,
      owner_id              uuid,
      external_ref          text,
      region                text,
      level                 text,
      satisfaction          smallint    CONSTRAINT customer_satisfaction CHECK (satisfaction BETWEEN 1 AND 5),
      credit                smallint    CONSTRAINT customer_credit CHECK (credit BETWEEN 1 AND 5),
      industry              text,
      nature                text,
      type                  text,
      phone                 text,
      fax                   text,
      address               text,
      postcode              text,
      website               text,
      business_licence      text,
      legal_representative  text,
      registered_capital    text,
      annual_turnover       text,
      bank                  text,
      bank_account          text,
      local_tax_number      text,
      national_tax_number   text,
      tags                  text[]      NOT NULL,
      remarks               text,
      source_opportunity_id uuid        CONSTRAINT customer_source_opportunity UNIQUE,
      last_order_date       date,
      search_text           text        NOT NULL DEFAULT '',
      created_at            timestamptz NOT NULL,
      deleted_at            timestamptz
    )`);
    await db.query(`CREATE UNIQUE INDEX customer_external_ref ON customer (external_ref) WHERE deleted_at IS NULL`);
    await db.query(`CREATE INDEX customer_folded_name ON customer (folded_name) WHERE deleted_at IS NULL`);
    await db.query(`CREATE INDEX customer_created_at ON customer (created_at, id) WHERE deleted_at IS NULL`);
    await db.query(`CREATE INDEX customer_name ON customer (name, id) WHERE deleted_at IS NULL`);
    await db.query(`CREATE INDEX customer_owner ON customer (owner_id, created_at, id) WHERE deleted_at IS NULL`);
    await db.query(`CREATE INDEX customer_search ON customer USING gin (bigrams(search_text))`);

    await db.query(`CREATE TABLE contact (
      id           uuid        NOT NULL CONSTRAINT contact_pk PRIMARY KEY,
      customer_id  uuid        NOT NULL CONSTRAINT contact_customer REFERENCES customer (id),
      version      int         NOT NULL,
      name         text        NOT NULL,
      gender       text        CONSTRAINT contact_gender CHECK (gender IN ('female', 'male', 'other')),
      position     text,
      office_phone text,
      mobile       text,
      email        text,
      birthday     date,
      is_primary   boolean     NOT NULL,
      tags         text[]      NOT NULL,
      remarks      text,
      created_at   timestamptz NOT NULL
    )`);
    await db.query(`CREATE INDEX contact_of_customer ON contact (customer_id, created_at, id)`);
    await db.query(`CREATE UNIQUE INDEX contact_one_primary ON contact (customer_id) WHERE is_primary`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE contact, customer`);
    await db.query(`DROP SEQUENCE customer_number`);
    await db.query(DROP_BIGRAMS);
  }
}

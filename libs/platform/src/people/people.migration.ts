import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The local copy of who works here and what their roles may do. */
export class People1763700000001 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE person (
      id           uuid   NOT NULL CONSTRAINT person_pk PRIMARY KEY,
      username     text   NOT NULL,
      display_name text   NOT NULL,
      status       text   NOT NULL,
      roles        text[] NOT NULL
    )`);
    await db.query(`CREATE INDEX person_username ON person (lower(username))`);
    await db.query(`CREATE TABLE role_grant (
      role_id uuid   NOT NULL CONSTRAINT role_grant_pk PRIMARY KEY,
      role    text   NOT NULL CONSTRAINT role_grant_role UNIQUE,
      grants  text[] NOT NULL
    )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE role_grant, person`);
  }
}

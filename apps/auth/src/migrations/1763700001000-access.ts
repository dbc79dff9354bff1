import type { MigrationInterface, QueryRunner } from 'typeorm';

/** People, roles and machines; their sessions; the keys that sign tokens. */
export class Access1763700001000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE role (
      id          uuid        NOT NULL CONSTRAINT role_pk PRIMARY KEY,
      code        text        NOT NULL CONSTRAINT role_code UNIQUE,
      name        jsonb       NOT NULL,
      description jsonb       NOT NULL,
      grants      text[]      NOT NULL,
      version     int         NOT NULL,
      created_at  timestamptz NOT NULL
    )`);

    await db.query(`CREATE TABLE users (
      id                   uuid        NOT NULL CONSTRAINT users_pk PRIMARY KEY,
      username             text        NOT NULL,
      display_name         text        NOT NULL,
      email                text,
      phone                text,
      roles                text[]      NOT NULL CONSTRAINT users_has_role CHECK (cardinality(roles) > 0),
      status               text        NOT NULL CONSTRAINT users_status CHECK (status IN ('active', 'disabled')),
      password_hash        text        NOT NULL CONSTRAINT users_password_hash CHECK (password_hash LIKE '$argon2id$%'),
      must_change_password boolean     NOT NULL,
      sessions_valid_from  timestamptz NOT NULL DEFAULT now(),
      search_text          text        NOT NULL,
      version              int         NOT NULL,
      created_at           timestamptz NOT NULL
    )`);
    await db.query(`CREATE UNIQUE INDEX users_username ON users (lower(username))`);
    await db.query(`CREATE INDEX users_created ON users (created_at, id)`);
    await db.query(`CREATE INDEX users_roles ON users USING gin (roles)`);

    await db.query(`CREATE TABLE service_account (
      id                  uuid        NOT NULL CONSTRAINT service_account_pk PRIMARY KEY,
      client_id           text        NOT NULL CONSTRAINT service_account_client UNIQUE,
      name                text        NOT NULL,
      secret_hash         text        NOT NULL CONSTRAINT service_account_secret CHECK (secret_hash LIKE '$argon2id$%'),
      grants              text[]      NOT NULL,
      active              boolean     NOT NULL,
      sessions_valid_from timestamptz NOT NULL DEFAULT now(),
      created_at          timestamptz NOT NULL
    )`);

    await db.query(`CREATE TABLE login_session (
      id         uuid        NOT NULL CONSTRAINT login_session_pk PRIMARY KEY,
      user_id    uuid        NOT NULL CONSTRAINT login_session_user REFERENCES users,
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL,
      revoked_at timestamptz
    )`);
    await db.query(`CREATE INDEX login_session_of_user ON login_session (user_id, least(expires_at, revoked_at))`);
    await db.query(`CREATE INDEX login_session_revoked ON login_session (revoked_at) WHERE revoked_at IS NOT NULL`);
    await db.query(`CREATE TABLE refresh_token (
      token_hash bytea       NOT NULL CONSTRAINT refresh_token_pk PRIMARY KEY,
      session_id uuid        NOT NULL CONSTRAINT refresh_token_session REFERENCES login_session ON DELETE CASCADE,
      expires_at timestamptz NOT NULL,
      used_at    timestamptz
    )`);
    await db.query(`CREATE INDEX refresh_token_of_session ON refresh_token (session_id)`);

    await db.query(`CREATE TABLE login_failure (
      account      bytea       NOT NULL,
      network      text        NOT NULL,
      failures     int         NOT NULL,
      locked_until timestamptz,
      last_at      timestamptz NOT NULL,
      CONSTRAINT login_failure_pk PRIMARY KEY (account, network)
    )`);
    await db.query(`CREATE INDEX login_failure_age ON login_failure (last_at)`);

    await db.query(`CREATE TABLE signing_key (
      kid         text        NOT NULL CONSTRAINT signing_key_pk PRIMARY KEY,
      public_key  jsonb       NOT NULL,
      sealed_key  bytea       NOT NULL,
      created_at  timestamptz NOT NULL DEFAULT now(),
      signs_from  timestamptz NOT NULL
    )`);

    await db.query(
      `CREATE TABLE access_revision (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), revision bigint NOT NULL)`,
    );
    await db.query(`INSERT INTO access_revision (revision) VALUES (1)`);
    await db.query(
      `CREATE TABLE seed (name text NOT NULL CONSTRAINT seed_pk PRIMARY KEY, planted_at timestamptz NOT NULL DEFAULT now())`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      `DROP TABLE seed, access_revision, signing_key, login_failure, refresh_token, login_session, service_account, users, role`,
    );
  }
}

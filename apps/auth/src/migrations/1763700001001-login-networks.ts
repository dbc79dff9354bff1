import type { MigrationInterface, QueryRunner } from 'typeorm';

/** From where an account was last logged in to, and from where a failure last counted towards the lock for all. */
export class LoginNetworks1763700001001 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE login_network (
      account      bytea       NOT NULL,
      network      text        NOT NULL,
      counted_at   timestamptz,
      succeeded_at timestamptz,
      kept_until   timestamptz NOT NULL,
      CONSTRAINT login_network_pk PRIMARY KEY (account, network)
    )`);
    await db.query(`CREATE INDEX login_network_age ON login_network (kept_until)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE login_network`);
  }
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AccessSnapshot } from '#contracts';
import { KEYS_STILL_TRUSTED } from '../key/signing-keys.service.js';
import { SESSION_STILL_MATTERS } from '../session/session.service.js';

/** One statement, so one moment: what it says of revision n is all that was changed up to n. */
const SNAPSHOT = `SELECT
  (SELECT revision FROM access_revision) AS "revision",
  (SELECT coalesce(json_agg(k.public_key ORDER BY k.created_at), '[]') FROM signing_key k WHERE ${KEYS_STILL_TRUSTED}) AS "keys",
  (SELECT coalesce(json_agg(json_build_object('code', code, 'grants', grants) ORDER BY code), '[]') FROM role) AS "roles",
  (SELECT coalesce(json_agg(p), '[]') FROM (
     SELECT id, username AS "name", 'user' AS "kind", status = 'active' AS "active", must_change_password AS "mustChangePassword",
            roles, '{}'::text[] AS "grants", floor(extract(epoch FROM sessions_valid_from))::bigint AS "sessionsValidFrom" FROM users
     UNION ALL
     SELECT id, client_id, 'service-account', active, false,
            '{}', grants, floor(extract(epoch FROM sessions_valid_from))::bigint FROM service_account
   ) p) AS "principals",
  (SELECT coalesce(json_agg(s.id), '[]') FROM login_session s WHERE ${SESSION_STILL_MATTERS}) AS "revokedSessions"`;

@Injectable()
export class AccessQueries {
  constructor(private readonly db: DataSource) {}

  async revision(): Promise<number> {
    const [row] = await this.db.query<{ revision: number }[]>('SELECT revision FROM access_revision');
    return row!.revision;
  }

  async snapshot(): Promise<AccessSnapshot> {
    const [row] = await this.db.query<AccessSnapshot[]>(SNAPSHOT);
    return row!;
  }
}

import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { currentContext, type Tx } from '#platform';
import type { AuthConfig } from '../auth.config.js';
import { AUTH_CONFIG } from '../auth.tokens.js';
import { clientNetwork } from './client-network.js';

/** Sorts before every address range: rows are always locked in this order. */
const ANYWHERE = '*';

/** On alias `t` of users: too many failed logins from anywhere. */
export const LOCKED_FOR_ALL = `EXISTS (SELECT FROM login_failure f
  WHERE f.account = sha256(convert_to('user:' || lower(t.username), 'UTF8')) AND f.network = '${ANYWHERE}' AND f.locked_until > now())`;

type AccountKind = 'user' | 'client';

/**
 * Counts failed logins in a row, by account and address range (AUT-4). Names that nobody has are counted like real ones, and a
 * refused attempt does the same work whatever the reason. Names are kept as hashes: people type passwords into the wrong field.
 */
@Injectable()
export class LoginGuard {
  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {}

  /**
   * Decides after the password was checked, so that of many attempts at once no more than the limit are heard.
   * @returns whether the login may go on
   */
  async admit(tx: Tx, kind: AccountKind, name: string, isGenuine: boolean): Promise<boolean> {
    const account = accountKey(kind, name);
    const network = clientNetwork(currentContext()?.address);
    const locks = await tx.query<{ locked: boolean | null }>(
      `SELECT locked_until > now() AS "locked" FROM login_failure WHERE account = $1 AND network IN ('${ANYWHERE}', $2)
        ORDER BY network COLLATE "C" FOR UPDATE`,
      [account, network],
    );
    const isLocked = locks.some(({ locked }) => locked);
    if (isGenuine && !isLocked) {
      await tx.query(`DELETE FROM login_failure WHERE account = $1 AND network IN ('${ANYWHERE}', $2)`, [
        account,
        network,
      ]);
      return true;
    }
    await this.count(tx, kind, account, network, isLocked ? 0 : 1);
    return false;
  }

  async forget(tx: Tx, username: string): Promise<void> {
    await tx.query('DELETE FROM login_failure WHERE account = $1', [accountKey('user', username)]);
  }

  /** A locked range adds nothing (`by` 0), or one attacker could lock the account for everybody. */
  private async count(tx: Tx, kind: AccountKind, account: Buffer, network: string, by: 0 | 1): Promise<void> {
    const { LOGIN_FAILURES, LOGIN_FAILURES_ANYWHERE, LOGIN_LOCK_MINUTES } = this.config;
    // A machine's secret is no guessable word: locking it for all would only let strangers stop the feed.
    const networks = kind === 'user' ? [ANYWHERE, network] : [network];
    await tx.query(
      `INSERT INTO login_failure AS f (account, network, failures, locked_until, last_at)
       SELECT $1, network, $3::int, CASE WHEN $3::int >= most THEN now() + $4 * interval '1 minute' END, now()
         FROM unnest($2::text[], $5::int[]) AS n(network, most)
       ON CONFLICT (account, network) DO UPDATE SET (failures, locked_until, last_at) = (
         SELECT since + $3::int,
                CASE WHEN f.locked_until > now() THEN f.locked_until WHEN since + $3::int >= most THEN now() + $4 * interval '1 minute' END,
                now()
           FROM (SELECT CASE WHEN f.locked_until <= now() THEN 0 ELSE f.failures END AS since,
                        CASE f.network WHEN '${ANYWHERE}' THEN $6::int ELSE $7::int END AS most) limits)`,
      [
        account,
        networks,
        by,
        LOGIN_LOCK_MINUTES,
        networks.map((each) => (each === ANYWHERE ? LOGIN_FAILURES_ANYWHERE : LOGIN_FAILURES)),
        LOGIN_FAILURES_ANYWHERE,
        LOGIN_FAILURES,
      ],
    );
    await tx.query(
      `DELETE FROM login_failure WHERE (account, network) IN (
         SELECT account, network FROM login_failure WHERE last_at < now() - interval '2 days' ORDER BY last_at LIMIT 20 FOR UPDATE SKIP LOCKED)`,
    );
  }
}

const accountKey = (kind: AccountKind, name: string): Buffer =>
  createHash('sha256').update(`${kind}:${name.toLowerCase()}`).digest();

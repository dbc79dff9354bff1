import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { clientNetwork, type RequestContext, type Tx } from '#platform';
import type { AuthConfig } from '../auth.config.js';
import { AUTH_CONFIG } from '../auth.tokens.js';

/** In place of an address range: the count that locks an account for all. */
const ANYWHERE = '*';

/** On alias `t` of users: too many failed logins from anywhere. */
export const LOCKED_FOR_ALL = `EXISTS (SELECT FROM login_failure f
  WHERE f.account = sha256(convert_to('user:' || lower(t.username), 'UTF8')) AND f.network = '${ANYWHERE}' AND f.locked_until > now())`;

type AccountKind = 'user' | 'client';

/** A network from which the right password came within this time is left out of the lock for all. */
const KNOWN_FOR = `interval '30 days'`;
/** Of the failures of one network, one in this time counts towards the lock for all. */
const COUNTED_ONCE_IN = `interval '1 minute'`;

/** Anything that runs SQL. */
interface Sql {
  query(sql: string, parameters: unknown[]): Promise<unknown>;
}

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
    const network = clientNetwork(tx.context.address);
    await tx.query('SELECT pg_advisory_xact_lock($1)', [account.readBigInt64BE().toString()]);
    const isLocked = await this.isLocked(tx, tx.context, kind, name);
    if (isGenuine && !isLocked) {
      await this.welcome(tx, account, network);
      return true;
    }
    const by = isLocked ? 0 : 1;
    const byAnywhere = kind === 'user' ? await this.countsAnywhere(tx, account, network, by) : undefined;
    await this.count(tx, account, network, by, byAnywhere);
    await this.clearAway(tx);
    return false;
  }

  /** Whether the account is locked for the address range that asks. */
  async isLocked(sql: Sql, { address }: RequestContext, kind: AccountKind, name: string): Promise<boolean> {
    const [row] = (await sql.query(
      `SELECT EXISTS (
         SELECT FROM login_failure f
          WHERE f.account = $1 AND f.locked_until > now()
            AND (f.network = $2 OR f.network = '${ANYWHERE}' AND NOT EXISTS (
              SELECT FROM login_network n
               WHERE n.account = $1 AND n.network = $2 AND n.succeeded_at > now() - ${KNOWN_FOR}))) AS locked`,
      [accountKey(kind, name), clientNetwork(address)],
    )) as [{ locked: boolean }];
    return row.locked;
  }

  async forget(tx: Tx, username: string): Promise<void> {
    await tx.query('DELETE FROM login_failure WHERE account = $1', [accountKey('user', username)]);
  }

  /** The row ends; a lock for all that this network is left out of stays, or its guesser could go on after each login. */
  private async welcome(tx: Tx, account: Buffer, network: string): Promise<void> {
    await tx.query(
      `DELETE FROM login_failure
        WHERE account = $1 AND (network = $2 OR network = '${ANYWHERE}' AND locked_until > now() IS NOT TRUE)`,
      [account, network],
    );
    await tx.query(
      `INSERT INTO login_network (account, network, succeeded_at, kept_until) VALUES ($1, $2, now(), now() + ${KNOWN_FOR})
       ON CONFLICT (account, network) DO UPDATE SET succeeded_at = excluded.succeeded_at, kept_until = excluded.kept_until`,
      [account, network],
    );
  }

  /** 1 for the first failure of a site in a minute: locking an account for all takes many networks, not many attempts. */
  private async countsAnywhere(tx: Tx, account: Buffer, network: string, by: 0 | 1): Promise<0 | 1> {
    const [row] = await tx.query<{ counts: boolean | null }>(
      `INSERT INTO login_network AS n (account, network, counted_at, kept_until)
       VALUES ($1, $2, CASE WHEN $3 THEN now() END, now() + ${COUNTED_ONCE_IN})
       ON CONFLICT (account, network) DO UPDATE SET
         counted_at = CASE WHEN $3 AND (n.counted_at > now() - ${COUNTED_ONCE_IN}) IS NOT TRUE THEN now() ELSE n.counted_at END,
         kept_until = greatest(n.kept_until, excluded.kept_until)
       RETURNING counted_at = now() AS counts`,
      [account, siteOf(network), by === 1],
    );
    return row?.counts ? 1 : 0;
  }

  /** A locked range adds nothing (`by` 0). No count for all of a machine: locking its secret would only let strangers stop the feed. */
  private async count(tx: Tx, account: Buffer, network: string, by: 0 | 1, byAnywhere?: 0 | 1): Promise<void> {
    const { LOGIN_FAILURES, LOGIN_FAILURES_ANYWHERE, LOGIN_LOCK_MINUTES } = this.config;
    const counts = [{ network, by, most: LOGIN_FAILURES }];
    if (byAnywhere !== undefined) counts.push({ network: ANYWHERE, by: byAnywhere, most: LOGIN_FAILURES_ANYWHERE });
    const lock = `now() + $5 * interval '1 minute'`;
    await tx.query(
      `INSERT INTO login_failure AS f (account, network, failures, locked_until, last_at)
       SELECT $1, network, by, CASE WHEN by >= most THEN ${lock} END, now()
         FROM unnest($2::text[], $3::int[], $4::int[]) AS n(network, by, most)
       ON CONFLICT (account, network) DO UPDATE SET (failures, locked_until, last_at) = (
         SELECT since + excluded.failures,
                CASE WHEN f.locked_until > now() THEN f.locked_until WHEN since + excluded.failures >= most THEN ${lock} END,
                now()
           FROM (SELECT CASE WHEN f.locked_until <= now() THEN 0 ELSE f.failures END AS since,
                        CASE f.network WHEN '${ANYWHERE}' THEN $6::int ELSE $7::int END AS most) limits)`,
      [
        account,
        counts.map((each) => each.network),
        counts.map((each) => each.by),
        counts.map((each) => each.most),
        LOGIN_LOCK_MINUTES,
        LOGIN_FAILURES_ANYWHERE,
        LOGIN_FAILURES,
      ],
    );
  }

  /** A few at a time, with each failure: what no lock depends on any more. */
  private async clearAway(tx: Tx): Promise<void> {
    await tx.query(
      `DELETE FROM login_failure WHERE (account, network) IN (
         SELECT account, network FROM login_failure WHERE last_at < now() - interval '2 days' ORDER BY last_at LIMIT 20 FOR UPDATE SKIP LOCKED)`,
    );
    await tx.query(
      `DELETE FROM login_network WHERE (account, network) IN (
         SELECT account, network FROM login_network WHERE kept_until < now() ORDER BY kept_until LIMIT 20 FOR UPDATE SKIP LOCKED)`,
    );
  }
}

const accountKey = (kind: AccountKind, name: string): Buffer =>
  createHash('sha256').update(`${kind}:${name.toLowerCase()}`).digest();

/** One customer of a provider gets a whole /48 of IPv6: 65536 ranges that are one for the count for all. */
const siteOf = (network: string): string =>
  network.endsWith('::/64') ? `${network.split(':').slice(0, 3).join(':')}::/48` : network;

import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { v7 } from 'uuid';
import { CrmError, SessionRevoked } from '#contracts';
import { type Tx, UnitOfWork, type RequestContext } from '#platform';
import { nextRevision } from '../access/access-revision.js';
import { AccessTokens } from '../key/access-tokens.service.js';
import { SecretBox } from '../key/secret-box.js';
import { TOKEN_LIFETIME } from '../key/signing-keys.service.js';

/** A session ends after this, however much it is used; a refresh token, when it is not used for that long. */
const SESSION_LIFETIME = `interval '30 days'`;
const REFRESH_LIFETIME = `interval '7 days'`;
/** A client that did not get the answer may ask again with the same token for this long. */
const REPEAT_WITHIN = `interval '10 seconds'`;

/** On alias `s`: sessions that ended while access tokens of theirs may still be good. */
export const SESSION_STILL_MATTERS = `s.revoked_at > now() - interval '${TOKEN_LIFETIME + 60} seconds'`;

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

interface Holder {
  readonly id: string;
  readonly username: string;
  readonly mustChangePassword: boolean;
}
interface OpenSession {
  readonly sessionId: string;
  readonly refreshToken: string;
  readonly holder: Holder;
}

/** Login sessions: families of refresh tokens, of which only hashes are stored (AUT-5). */
@Injectable()
export class SessionService {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly tokens: AccessTokens,
    private readonly box: SecretBox,
  ) {}

  /** Starts a session inside the login's transaction, and clears away the person's ended ones. */
  async open(tx: Tx, holder: Holder): Promise<OpenSession> {
    await tx.query(
      `DELETE FROM login_session WHERE user_id = $1 AND least(expires_at, revoked_at) < now() - interval '1 day'`,
      [holder.id],
    );
    const sessionId = v7();
    const refreshToken = randomBytes(32).toString('base64url');
    await tx.query(`INSERT INTO login_session (id, user_id, expires_at) VALUES ($1, $2, now() + ${SESSION_LIFETIME})`, [
      sessionId,
      holder.id,
    ]);
    await this.store(tx, sessionId, refreshToken);
    return { sessionId, refreshToken, holder };
  }

  /** The answer to a login or a refresh. */
  async tokenPair({ sessionId, refreshToken, holder }: OpenSession) {
    const access = await this.tokens.issue({ id: holder.id, name: holder.username, sessionId });
    return { ...access, refreshToken, mustChangePassword: holder.mustChangePassword };
  }

  /** Exchanges a refresh token. A spent one ends its whole session, unless it repeats a request whose answer was lost. */
  async refresh(context: RequestContext, token: string) {
    const successor = this.box.successor(token);
    const session = await this.uow.run(context, async (tx) => {
      const spent = await this.spend(tx, token, successor);
      return spent && this.holderOf(tx, spent, successor);
    });
    if (!session) throw new CrmError('invalid-refresh-token');
    return this.tokenPair(session);
  }

  /** Ends one session; nothing happens when it ended before. */
  logout(context: RequestContext, sessionId: string): Promise<void> {
    return this.uow.run(context, (tx) => this.revoke(tx, sessionId));
  }

  /** Ends all sessions of a person, in the transaction that disables them or changes their password; the caller takes the revision. */
  async revokeAll(tx: Tx, userId: string): Promise<void> {
    await this.end(tx, 's.user_id', userId);
    await tx.query('UPDATE users SET sessions_valid_from = now() WHERE id = $1', [userId]);
  }

  /** The session's id when the token was good, once, or is repeated in time. */
  private async spend(tx: Tx, token: string, successor: string): Promise<string | undefined> {
    const [spent] = await tx.query<{ session_id: string }>(
      `UPDATE refresh_token SET used_at = clock_timestamp() WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now() RETURNING session_id`,
      [hashOf(token)],
    );
    if (spent) {
      await this.store(tx, spent.session_id, successor);
      return spent.session_id;
    }
    const [known] = await tx.query<{ sessionId: string; spent: boolean; repeatable: boolean | null }>(
      `SELECT t.session_id AS "sessionId", t.used_at IS NOT NULL AS "spent",
              t.used_at > clock_timestamp() - ${REPEAT_WITHIN} AND n.used_at IS NULL AND n.token_hash IS NOT NULL AS "repeatable"
         FROM refresh_token t LEFT JOIN refresh_token n ON n.token_hash = $2 WHERE t.token_hash = $1`,
      [hashOf(token), hashOf(successor)],
    );
    if (!known?.spent) return undefined;
    if (known.repeatable) return known.sessionId;
    await this.revoke(tx, known.sessionId);
    return undefined;
  }

  /** Locked against being ended meanwhile, so that a session that is ending gives no new token. */
  private async holderOf(tx: Tx, sessionId: string, refreshToken: string): Promise<OpenSession | undefined> {
    const [holder] = await tx.query<Holder>(
      `SELECT u.id, u.username, u.must_change_password AS "mustChangePassword"
         FROM login_session s JOIN users u ON u.id = s.user_id
        WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > now() AND u.status = 'active' FOR SHARE OF s`,
      [sessionId],
    );
    return holder && { sessionId, refreshToken, holder };
  }

  private async store(tx: Tx, sessionId: string, token: string): Promise<void> {
    await tx.query(
      `INSERT INTO refresh_token (token_hash, session_id, expires_at) VALUES ($1, $2, now() + ${REFRESH_LIFETIME})`,
      [hashOf(token), sessionId],
    );
  }

  private async revoke(tx: Tx, sessionId: string): Promise<void> {
    if ((await this.end(tx, 's.id', sessionId)) > 0) await nextRevision(tx);
  }

  private async end(tx: Tx, column: 's.id' | 's.user_id', id: string): Promise<number> {
    const ended = await tx.query<{ id: string; userId: string }>(
      `UPDATE login_session s SET revoked_at = now() WHERE ${column} = $1 AND s.revoked_at IS NULL RETURNING s.id, s.user_id AS "userId"`,
      [id],
    );
    tx.publish(...ended.map(({ id: sessionId, userId }) => SessionRevoked.of(sessionId, { sessionId, userId })));
    return ended.length;
  }
}

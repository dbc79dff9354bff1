import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type ClientCredentials, CrmError, type LoginInput, type PasswordChange } from '#contracts';
import { UnitOfWork, type RequestContext } from '#platform';
import { nextRevision } from '../access/access-revision.js';
import { AccessTokens } from '../key/access-tokens.service.js';
import { PasswordHasher } from '../password/password-hasher.service.js';
import { SessionService } from '../session/session.service.js';
import { User } from '../user/user.entity.js';
import { LoginGuard } from './login-guard.service.js';

interface Credentials {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
}

/**
 * Whoever proves who they are. The secret is checked first, outside of a transaction; what it was checked against is read again,
 * locked, inside. All refusals are one answer.
 */
@Injectable()
export class LoginService {
  constructor(
    private readonly db: DataSource,
    private readonly uow: UnitOfWork,
    private readonly hasher: PasswordHasher,
    private readonly guard: LoginGuard,
    private readonly sessions: SessionService,
    private readonly tokens: AccessTokens,
  ) {}

  async login(context: RequestContext, { username, password }: z.infer<typeof LoginInput>) {
    const user = await this.credentials(
      'SELECT id, username AS name, password_hash AS hash FROM users WHERE lower(username) = $1',
      username.toLowerCase(),
    );
    const matches = await this.hasher.verify(password, user?.hash);
    const session = await this.uow.run(context, async (tx) => {
      const [holder] = await tx.query<{ id: string; username: string; mustChangePassword: boolean }>(
        `SELECT id, username, must_change_password AS "mustChangePassword" FROM users
          WHERE id = $1 AND password_hash = $2 AND status = 'active' FOR SHARE`,
        [user?.id, user?.hash],
      );
      const admitted = await this.guard.admit(tx, 'user', username, matches && holder !== undefined);
      return admitted && holder ? this.sessions.open(tx, holder) : undefined;
    });
    if (!session) throw new CrmError('invalid-credentials');
    return this.sessions.tokenPair(session);
  }

  /** For machines (AUT-8): no session, no refresh token; they ask again. */
  async clientToken(context: RequestContext, { clientId, clientSecret }: z.infer<typeof ClientCredentials>) {
    const account = await this.credentials(
      'SELECT id, client_id AS name, secret_hash AS hash FROM service_account WHERE client_id = $1 AND active',
      clientId,
    );
    const matches = await this.hasher.verify(clientSecret, account?.hash);
    const admitted = await this.uow.run(context, (tx) => this.guard.admit(tx, 'client', clientId, matches));
    if (!admitted || !account) throw new CrmError('invalid-credentials');
    return this.tokens.issue(account);
  }

  /** Ends all the person's sessions, this one too. A wrong current password counts as a failed login. */
  async changePassword(
    context: RequestContext,
    { current, new: password }: z.infer<typeof PasswordChange>,
  ): Promise<void> {
    const user = await this.credentials(
      'SELECT id, username AS name, password_hash AS hash FROM users WHERE id = $1',
      context.actor.id,
    );
    if (!user) throw new CrmError('not-found');
    // Before the current one is checked, or the refusal would tell that it was right.
    User.checkPassword(password, user.name, 'new');
    if (password === current)
      throw new CrmError('weak-password', { field: 'new', reason: 'it is the current one · 与当前密码相同' });
    // Nothing is hashed for an account that is locked anyway.
    if (await this.guard.isLocked(this.db, context, 'user', user.name)) throw new CrmError('invalid-credentials');
    const matches = await this.hasher.verify(current, user.hash);
    const hash = matches ? await this.hasher.hash(password) : undefined;
    const changed = await this.uow.run(context, async (tx) => {
      const record = await tx.find(User, { id: user.id, passwordHash: user.hash, status: 'active' });
      const admitted = await this.guard.admit(tx, 'user', user.name, matches && record !== null);
      if (!admitted || !record || !hash) return false;
      record.changePassword(hash);
      await tx.save(record);
      await this.sessions.revokeAll(tx, user.id);
      await nextRevision(tx);
      return true;
    });
    if (!changed) throw new CrmError('invalid-credentials');
  }

  private async credentials(sql: string, key: string): Promise<Credentials | undefined> {
    const [row] = await this.db.query<Credentials[]>(sql, [key]);
    return row;
  }
}

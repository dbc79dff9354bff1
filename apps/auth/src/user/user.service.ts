import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { CrmError, type UserChanges, type UserInput, type UserView } from '#contracts';
import { type Tx, UnitOfWork, type RequestContext } from '#platform';
import { nextRevision } from '../access/access-revision.js';
import { LoginGuard } from '../login/login-guard.service.js';
import { PasswordHasher } from '../password/password-hasher.service.js';
import { SUPER_ADMIN } from '../role/role.entity.js';
import { SessionService } from '../session/session.service.js';
import { User } from './user.entity.js';

type View = z.infer<typeof UserView>;

/** What administrators do with people (AUT-1, AUT-2). */
@Injectable()
export class UserService {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionService,
    private readonly guard: LoginGuard,
  ) {}

  async create(context: RequestContext, { password, ...input }: z.infer<typeof UserInput>): Promise<View> {
    User.checkPassword(password, input.username);
    const passwordHash = await this.hasher.hash(password);
    return this.uow.run(context, async (tx) => {
      await oneAtATime(tx);
      const taken = await tx.query('SELECT FROM users WHERE lower(username) = lower($1)', [input.username]);
      if (taken.length > 0) throw new CrmError('already-exists', { field: 'username' });
      await requireRoles(tx, input.roles);
      if (input.roles.includes(SUPER_ADMIN)) await requireSuperAdmin(tx);
      const user = User.create({ ...input, passwordHash, mustChangePassword: true });
      await tx.insert(user);
      tx.publish(user.created());
      await nextRevision(tx);
      return user.view();
    });
  }

  update(context: RequestContext, id: string, changes: z.infer<typeof UserChanges>): Promise<View> {
    return this.uow.run(context, async (tx) => {
      const user = await loadToManage(tx, id);
      if (changes.roles && !isSame(changes.roles, user.roles)) await requireRoleChange(tx, user, changes.roles);
      tx.publish(user.update(changes));
      await tx.save(user);
      await nextRevision(tx);
      return user.view();
    });
  }

  /** Their sessions end with it. */
  disable(context: RequestContext, id: string): Promise<View> {
    return this.uow.run(context, async (tx) => {
      const user = await loadToManage(tx, id);
      const disabled = user.disable();
      if (user.roles.includes(SUPER_ADMIN)) await requireAnotherSuperAdmin(tx, id);
      tx.publish(disabled);
      await tx.save(user);
      await this.sessions.revokeAll(tx, id);
      await nextRevision(tx);
      return user.view();
    });
  }

  enable(context: RequestContext, id: string): Promise<View> {
    return this.uow.run(context, async (tx) => {
      const user = await loadToManage(tx, id);
      tx.publish(user.enable());
      await tx.save(user);
      await nextRevision(tx);
      return user.view();
    });
  }

  /** Forgets the failed logins of this account, from everywhere. */
  unlock(context: RequestContext, id: string): Promise<View> {
    return this.uow.run(context, async (tx) => {
      const user = await loadToManage(tx, id);
      await this.guard.forget(tx, user.username);
      return user.view();
    });
  }
}

/** Rules that span people (unique name, last super administrator) are checked by one transaction at a time. */
const oneAtATime = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock(hashtext('auth.users'))`);

/** The user, locked. Whoever holds the role that may do everything is only managed by one who holds it too. */
async function loadToManage(tx: Tx, id: string): Promise<User> {
  await oneAtATime(tx);
  const user = await tx.load(User, id);
  if (user.roles.includes(SUPER_ADMIN)) await requireSuperAdmin(tx);
  return user;
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  JSON.stringify([...new Set(a)].sort()) === JSON.stringify([...b].sort());

async function requireRoleChange(tx: Tx, user: User, roles: readonly string[]): Promise<void> {
  await requireRoles(tx, roles);
  if (user.id === tx.actor.id) throw new CrmError('own-roles');
  if (roles.includes(SUPER_ADMIN) === user.roles.includes(SUPER_ADMIN)) return;
  if (user.status === 'active' && user.roles.includes(SUPER_ADMIN)) await requireAnotherSuperAdmin(tx, user.id);
  await requireSuperAdmin(tx);
}

/** The rows are held, so that none of the roles is deleted meanwhile. */
async function requireRoles(tx: Tx, codes: readonly string[]): Promise<void> {
  const found = await tx.query('SELECT FROM role WHERE code = ANY($1) FOR SHARE', [codes]);
  if (found.length < new Set(codes).size) throw new CrmError('unknown-reference', { field: 'roles' });
}

/** The right to manage users is not enough to give or take the role that may do everything, nor to manage who holds it. */
async function requireSuperAdmin(tx: Tx): Promise<void> {
  const holds = await tx.query(`SELECT FROM users WHERE id = $1 AND status = 'active' AND $2 = ANY(roles)`, [
    tx.actor.id,
    SUPER_ADMIN,
  ]);
  if (holds.length === 0) throw new CrmError('forbidden', { right: SUPER_ADMIN });
}

async function requireAnotherSuperAdmin(tx: Tx, id: string): Promise<void> {
  const others = await tx.query(`SELECT FROM users WHERE id <> $1 AND status = 'active' AND $2 = ANY(roles) LIMIT 1`, [
    id,
    SUPER_ADMIN,
  ]);
  if (others.length === 0) throw new CrmError('last-super-admin');
}

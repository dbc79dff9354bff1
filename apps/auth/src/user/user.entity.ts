import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';
import type { z } from 'zod';
import { CrmError, UserCreated, UserUpdated, type UserInput, type UserChanges, type UserView } from '#contracts';
import { fold } from '#platform';
import { isWeakPassword } from '../password/password.rules.js';

type NewUser = Omit<z.infer<typeof UserInput>, 'password'> & {
  readonly passwordHash: string;
  readonly mustChangePassword: boolean;
};

/** A person, who logs in with a password. Never removed, only disabled: other records name them. */
@Entity('users')
export class User {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly username!: string;
  @Column('text') readonly displayName!: string;
  @Column('text', { nullable: true }) readonly email!: string | null;
  @Column('text', { nullable: true }) readonly phone!: string | null;
  @Column('text', { array: true }) readonly roles!: string[];
  @Column('text') readonly status!: 'active' | 'disabled';
  @Column('text') readonly passwordHash!: string;
  @Column('boolean') readonly mustChangePassword!: boolean;
  @Column('text') readonly searchText!: string;
  @Column('int') readonly version!: number;
  @Column('timestamptz') readonly createdAt!: Date;

  static create({ roles, email, phone, ...input }: NewUser): User {
    return Object.assign(new User(), input, {
      id: v7(),
      email: email ?? null,
      phone: phone ?? null,
      roles: [...new Set(roles)],
      status: 'active',
      searchText: searchText(input),
      version: 1,
      createdAt: new Date(),
    });
  }

  /** Throws `weak-password` (AUT-3). */
  static checkPassword(password: string, username: string, field = 'password'): void {
    if (isWeakPassword(password, username))
      throw new CrmError('weak-password', {
        field,
        reason: 'at least 10 characters, not a common one, not the username · 至少 10 个字符,不能是常见密码或用户名',
      });
  }

  created() {
    return UserCreated.of(this.id, this.facts());
  }

  update({ roles, ...changes }: z.infer<typeof UserChanges>) {
    Object.assign(this, changes, roles && { roles: [...new Set(roles)] });
    Object.assign(this, { searchText: searchText(this) });
    return UserUpdated.of(this.id, this.facts());
  }

  disable() {
    if (this.status === 'disabled') this.refuse('disable', 'enable');
    Object.assign(this, { status: 'disabled' });
    return UserUpdated.of(this.id, this.facts());
  }

  enable() {
    if (this.status === 'active') this.refuse('enable', 'disable');
    Object.assign(this, { status: 'active' });
    return UserUpdated.of(this.id, this.facts());
  }

  changePassword(passwordHash: string): void {
    Object.assign(this, { passwordHash, mustChangePassword: false });
  }

  view(): z.infer<typeof UserView> {
    const { id, username, displayName, email, phone, roles, status, version, createdAt } = this;
    return { id, username, displayName, email, phone, roles, status, version, createdAt: createdAt.toISOString() };
  }

  private facts() {
    const { id, username, displayName, status, roles } = this;
    return { userId: id, username, displayName, status, roles };
  }

  private refuse(move: string, allowed: string): never {
    throw new CrmError('illegal-transition', { move, state: this.status, allowed: [allowed] });
  }
}

const searchText = ({ username, displayName }: Pick<User, 'username' | 'displayName'>): string =>
  [username, displayName].map(fold).join('\n');

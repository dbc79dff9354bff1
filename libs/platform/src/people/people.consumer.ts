import { type DataOf, RoleCreated, RoleDeleted, RoleUpdated, UserCreated, UserUpdated } from '#contracts';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { EventTx } from '../db/tx.js';
import { On } from '../events/on.decorator.js';

/** Keeps the local copy of people and roles. */
@Controller()
export class PeopleConsumer {
  @On(UserCreated, { independent: true })
  userCreated(@Payload() user: DataOf<typeof UserCreated>, @Ctx() tx: EventTx) {
    return this.keepPerson(user, tx);
  }

  @On(UserUpdated, { independent: true })
  userUpdated(@Payload() user: DataOf<typeof UserUpdated>, @Ctx() tx: EventTx) {
    return this.keepPerson(user, tx);
  }

  @On(RoleCreated)
  roleCreated(@Payload() role: DataOf<typeof RoleCreated>, @Ctx() tx: EventTx) {
    return this.keepRole(role, tx);
  }

  @On(RoleUpdated)
  roleUpdated(@Payload() role: DataOf<typeof RoleUpdated>, @Ctx() tx: EventTx) {
    return this.keepRole(role, tx);
  }

  @On(RoleDeleted)
  async roleDeleted(@Payload() role: DataOf<typeof RoleDeleted>, @Ctx() tx: EventTx) {
    await tx.query('DELETE FROM role_grant WHERE role_id = $1', [role.roleId]);
  }

  private async keepPerson(user: DataOf<typeof UserCreated>, tx: EventTx) {
    await tx.query(
      `INSERT INTO person (id, username, display_name, status, roles) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO UPDATE SET username = excluded.username, display_name = excluded.display_name,
         status = excluded.status, roles = excluded.roles`,
      [user.userId, user.username, user.displayName, user.status, user.roles],
    );
  }

  private async keepRole(role: DataOf<typeof RoleCreated>, tx: EventTx) {
    await tx.query(
      `INSERT INTO role_grant (role_id, role, grants) VALUES ($1, $2, $3)
       ON CONFLICT (role_id) DO UPDATE SET role = excluded.role, grants = excluded.grants`,
      [role.roleId, role.code, role.grants],
    );
  }
}

import { Controller } from '@nestjs/common';
import { type Actor, AuthRoutes, CrmError } from '#contracts';
import { CurrentActor, Handles } from '#platform';
import { RoleQueries } from './role.queries.js';

@Controller()
export class RoleController {
  constructor(private readonly roles: RoleQueries) {}

  @Handles(AuthRoutes.listRoles)
  listRoles(@CurrentActor() actor: Actor) {
    requireMoreThanNames(actor);
    return this.roles.roles();
  }

  @Handles(AuthRoutes.listRights)
  listRights(@CurrentActor() actor: Actor) {
    requireMoreThanNames(actor);
    return this.roles.rights();
  }
}

/** @throws CrmError not-owner for who sees of people the names only */
function requireMoreThanNames({ rights }: Actor): void {
  if (rights['user.read'] !== 'all') throw new CrmError('not-owner', { right: 'user.read' });
}

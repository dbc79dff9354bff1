import { Controller } from '@nestjs/common';
import { AuthRoutes } from '#contracts';
import { Handles } from '#platform';
import { RoleQueries } from './role.queries.js';

@Controller()
export class RoleController {
  constructor(private readonly roles: RoleQueries) {}

  @Handles(AuthRoutes.listRoles)
  listRoles() {
    return this.roles.roles();
  }

  @Handles(AuthRoutes.listRights)
  listRights() {
    return this.roles.rights();
  }
}

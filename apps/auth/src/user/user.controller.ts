import { Body, Controller, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, AuthRoutes, type UserChanges, type UserInput } from '#contracts';
import { CurrentActor, Handles, type ListQuery } from '#platform';
import { UserQueries } from './user.queries.js';
import { UserService } from './user.service.js';

@Controller()
export class UserController {
  constructor(
    private readonly users: UserService,
    private readonly queries: UserQueries,
  ) {}

  @Handles(AuthRoutes.listUsers)
  list(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.list(query, actor);
  }

  @Handles(AuthRoutes.createUser)
  create(@Body() input: z.infer<typeof UserInput>) {
    return this.users.create(input);
  }

  @Handles(AuthRoutes.updateUser)
  update(@Param('id') id: string, @Body() changes: z.infer<typeof UserChanges>) {
    return this.users.update(id, changes);
  }

  @Handles(AuthRoutes.disableUser)
  disable(@Param('id') id: string) {
    return this.users.disable(id);
  }

  @Handles(AuthRoutes.enableUser)
  enable(@Param('id') id: string) {
    return this.users.enable(id);
  }

  @Handles(AuthRoutes.unlockUser)
  unlock(@Param('id') id: string) {
    return this.users.unlock(id);
  }
}

import { Body, Controller, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, AuthRoutes, type UserChanges, type UserInput } from '#contracts';
import { CurrentActor, Handles, type ListQuery, CurrentContext, type RequestContext } from '#platform';
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
  create(@CurrentContext() context: RequestContext, @Body() input: z.infer<typeof UserInput>) {
    return this.users.create(context, input);
  }

  @Handles(AuthRoutes.updateUser)
  update(
    @CurrentContext() context: RequestContext,
    @Param('id') id: string,
    @Body() changes: z.infer<typeof UserChanges>,
  ) {
    return this.users.update(context, id, changes);
  }

  @Handles(AuthRoutes.disableUser)
  disable(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.users.disable(context, id);
  }

  @Handles(AuthRoutes.enableUser)
  enable(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.users.enable(context, id);
  }

  @Handles(AuthRoutes.unlockUser)
  unlock(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.users.unlock(context, id);
  }
}

import { Body, Controller } from '@nestjs/common';
import type { z } from 'zod';
import {
  type Actor,
  AuthRoutes,
  type ClientCredentials,
  type LoginInput,
  type PasswordChange,
  type RefreshInput,
} from '#contracts';
import { CurrentActor, Handles, CurrentContext, type RequestContext } from '#platform';
import { LoginService } from '../login/login.service.js';
import { MeQueries } from './me.queries.js';
import { SessionService } from './session.service.js';

@Controller()
export class SessionController {
  constructor(
    private readonly logins: LoginService,
    private readonly sessions: SessionService,
    private readonly persons: MeQueries,
  ) {}

  @Handles(AuthRoutes.login)
  login(@CurrentContext() context: RequestContext, @Body() input: z.infer<typeof LoginInput>) {
    return this.logins.login(context, input);
  }

  @Handles(AuthRoutes.clientToken)
  clientToken(@CurrentContext() context: RequestContext, @Body() input: z.infer<typeof ClientCredentials>) {
    return this.logins.clientToken(context, input);
  }

  @Handles(AuthRoutes.refresh)
  refresh(@CurrentContext() context: RequestContext, @Body() { refreshToken }: z.infer<typeof RefreshInput>) {
    return this.sessions.refresh(context, refreshToken);
  }

  @Handles(AuthRoutes.logout)
  async logout(@CurrentContext() context: RequestContext) {
    const { sessionId } = context.actor;
    if (sessionId) await this.sessions.logout(context, sessionId);
  }

  @Handles(AuthRoutes.me)
  me(@CurrentActor() actor: Actor) {
    return this.persons.me(actor);
  }

  @Handles(AuthRoutes.changePassword)
  changePassword(@CurrentContext() context: RequestContext, @Body() input: z.infer<typeof PasswordChange>) {
    return this.logins.changePassword(context, input);
  }
}

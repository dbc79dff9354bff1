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
import { CurrentActor, Handles } from '#platform';
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
  login(@Body() input: z.infer<typeof LoginInput>) {
    return this.logins.login(input);
  }

  @Handles(AuthRoutes.clientToken)
  clientToken(@Body() input: z.infer<typeof ClientCredentials>) {
    return this.logins.clientToken(input);
  }

  @Handles(AuthRoutes.refresh)
  refresh(@Body() { refreshToken }: z.infer<typeof RefreshInput>) {
    return this.sessions.refresh(refreshToken);
  }

  @Handles(AuthRoutes.logout)
  async logout(@CurrentActor() { sessionId }: Actor) {
    if (sessionId) await this.sessions.logout(sessionId);
  }

  @Handles(AuthRoutes.me)
  me(@CurrentActor() actor: Actor) {
    return this.persons.me(actor);
  }

  @Handles(AuthRoutes.changePassword)
  changePassword(@CurrentActor() actor: Actor, @Body() input: z.infer<typeof PasswordChange>) {
    return this.logins.changePassword(actor, input);
  }
}

import { type Actor, type DiscardReason, deadLetterRoutes, type ServiceName } from '#contracts';
import { Body, Controller, Param, Query, type Type } from '@nestjs/common';
import type { z } from 'zod';
import type { ListQuery } from '../db/list-query.js';
import { DeadLetters } from '../events/dead-letters.js';
import { CurrentActor, Handles } from './handles.decorator.js';

/** The operator's door to one service's dead letters. */
export function deadLettersController(service: ServiceName): Type {
  const routes = deadLetterRoutes(service);

  @Controller()
  class DeadLettersController {
    constructor(private readonly letters: DeadLetters) {}

    @Handles(routes.listDeadLetters)
    list(@Query() query: ListQuery) {
      return this.letters.list(query);
    }

    @Handles(routes.getDeadLetter)
    get(@Param('id') id: string) {
      return this.letters.get(id);
    }

    @Handles(routes.resendDeadLetter)
    resend(@Param('id') id: string) {
      return this.letters.resend(id);
    }

    @Handles(routes.discardDeadLetter)
    discard(@Param('id') id: string, @Body() body: z.infer<typeof DiscardReason>, @CurrentActor() actor: Actor) {
      return this.letters.discard(id, body.reason, actor);
    }
  }
  return DeadLettersController;
}

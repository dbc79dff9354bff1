import { type DiscardReason, deadLetterRoutes, type ServiceName } from '#contracts';
import { Body, Controller, Param, Query, type Type } from '@nestjs/common';
import type { z } from 'zod';
import type { ListQuery } from '../db/list-query.js';
import { DeadLetters } from '../events/dead-letters.js';
import type { RequestContext } from '../context/request-context.js';
import { CurrentContext, Handles } from './handles.decorator.js';

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
    resend(@CurrentContext() context: RequestContext, @Param('id') id: string) {
      return this.letters.resend(context, id);
    }

    @Handles(routes.discardDeadLetter)
    discard(
      @CurrentContext() context: RequestContext,
      @Param('id') id: string,
      @Body() body: z.infer<typeof DiscardReason>,
    ) {
      return this.letters.discard(context, id, body.reason);
    }
  }
  return DeadLettersController;
}

import { Body, Controller, Param, Query } from '@nestjs/common';
import type { Actor, SimilarQuery, SimilarTextQuery, TicketChanges, TicketFeedback, TicketInput } from '#contracts';
import { ServiceRoutes } from '#contracts';
import { type ListQuery, CurrentContext, type RequestContext } from '#platform';
import { CurrentActor, Handles } from '#platform';
import { SimilarTickets } from './similar-tickets.js';
import { TicketQueries } from './ticket.queries.js';
import { TicketService } from './ticket.service.js';

@Controller()
export class TicketController {
  constructor(
    private readonly tickets: TicketService,
    private readonly queries: TicketQueries,
    private readonly similar: SimilarTickets,
  ) {}

  @Handles(ServiceRoutes.listTickets)
  list(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.list(query, actor);
  }

  @Handles(ServiceRoutes.createTicket)
  create(@CurrentContext() context: RequestContext, @Body() input: TicketInput) {
    return this.tickets.create(context, input);
  }

  @Handles(ServiceRoutes.getTicket)
  get(@Param('id') id: string, @CurrentActor() actor: Actor) {
    return this.queries.one(id, actor);
  }

  @Handles(ServiceRoutes.updateTicket)
  update(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() changes: TicketChanges) {
    return this.tickets.update(context, id, changes);
  }

  @Handles(ServiceRoutes.withdrawTicket)
  withdraw(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.tickets.withdraw(context, id);
  }

  @Handles(ServiceRoutes.assignTicket)
  assign(
    @CurrentContext() context: RequestContext,
    @Param('id') id: string,
    @Body() { assigneeId }: { assigneeId: string },
  ) {
    return this.tickets.assign(context, id, assigneeId);
  }

  @Handles(ServiceRoutes.handleTicket)
  handle(
    @CurrentContext() context: RequestContext,
    @Param('id') id: string,
    @Body() { handling }: { handling: string },
  ) {
    return this.tickets.handle(context, id, handling);
  }

  @Handles(ServiceRoutes.recordTicketFeedback)
  feedback(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() feedback: TicketFeedback) {
    return this.tickets.feedback(context, id, feedback);
  }

  @Handles(ServiceRoutes.similarToText)
  similarToText(@Query() query: SimilarTextQuery, @CurrentActor() actor: Actor) {
    return this.similar.to(query, actor);
  }

  @Handles(ServiceRoutes.similarTickets)
  similarTickets(@Param('id') id: string, @Query() query: SimilarQuery, @CurrentActor() actor: Actor) {
    return this.similar.of(id, query, actor);
  }

  @Handles(ServiceRoutes.ticketTimeline)
  timeline(@Param('id') id: string, @Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.timeline(id, query, actor);
  }
}

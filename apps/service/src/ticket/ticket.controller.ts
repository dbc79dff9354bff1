import { Body, Controller, Param, Query } from '@nestjs/common';
import type { Actor, SimilarQuery, SimilarTextQuery, TicketChanges, TicketFeedback, TicketInput } from '#contracts';
import { ServiceRoutes } from '#contracts';
import type { ListQuery } from '#platform';
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
  create(@Body() input: TicketInput) {
    return this.tickets.create(input);
  }

  @Handles(ServiceRoutes.getTicket)
  get(@Param('id') id: string, @CurrentActor() actor: Actor) {
    return this.queries.one(id, actor);
  }

  @Handles(ServiceRoutes.updateTicket)
  update(@Param('id') id: string, @Body() changes: TicketChanges) {
    return this.tickets.update(id, changes);
  }

  @Handles(ServiceRoutes.withdrawTicket)
  withdraw(@Param('id') id: string) {
    return this.tickets.withdraw(id);
  }

  @Handles(ServiceRoutes.assignTicket)
  assign(@Param('id') id: string, @Body() { assigneeId }: { assigneeId: string }) {
    return this.tickets.assign(id, assigneeId);
  }

  @Handles(ServiceRoutes.handleTicket)
  handle(@Param('id') id: string, @Body() { handling }: { handling: string }) {
    return this.tickets.handle(id, handling);
  }

  @Handles(ServiceRoutes.recordTicketFeedback)
  feedback(@Param('id') id: string, @Body() feedback: TicketFeedback) {
    return this.tickets.feedback(id, feedback);
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

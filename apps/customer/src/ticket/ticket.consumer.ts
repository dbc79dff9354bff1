import {
  TicketArchived,
  TicketAssigned,
  TicketCreated,
  TicketHandled,
  TicketReturned,
  TicketUpdated,
  TicketWithdrawn,
  type DataOf,
} from '#contracts';
import { LOGGER, On, together, type EventTx, type Logger } from '#platform';
import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { noteUse } from '../dictionary/dictionary-use.js';
import { recordCustomerActs, type CustomerAct } from '../timeline/customer.timeline.js';

type Facts = DataOf<typeof TicketCreated>;

/**
 * Puts what happens to tickets on the timelines of their customers (SVC-7), at the time at which it happened, and notes which types
 * tickets have had (DIC-2).
 */
@Controller()
export class TicketConsumer {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  @On(TicketCreated, { independent: true })
  async created(@Payload() ticket: Facts, @Ctx() tx: EventTx): Promise<void> {
    const { type, priority, summary } = ticket;
    await together([
      noteUse(tx, { ticket_type: type }),
      this.record(tx, ticket, 'ticket-created', { ...gistOf(ticket), type, priority, summary }),
    ]);
  }

  @On(TicketUpdated, { independent: true })
  async updated(@Payload() ticket: Facts, @Ctx() tx: EventTx): Promise<void> {
    await noteUse(tx, { ticket_type: ticket.type });
  }

  @On(TicketAssigned, { independent: true })
  assigned(@Payload() ticket: Facts, @Ctx() tx: EventTx) {
    return this.record(tx, ticket, 'ticket-assigned', gistOf(ticket));
  }

  @On(TicketHandled, { independent: true })
  handled(@Payload() ticket: Facts, @Ctx() tx: EventTx) {
    return this.record(tx, ticket, 'ticket-handled', { ...gistOf(ticket), handling: ticket.handling });
  }

  @On(TicketReturned, { independent: true })
  returned(@Payload() ticket: DataOf<typeof TicketReturned>, @Ctx() tx: EventTx) {
    const { round, result, satisfaction } = ticket;
    return this.record(tx, ticket, 'ticket-returned', { ...gistOf(ticket), round, result, satisfaction });
  }

  @On(TicketArchived, { independent: true })
  archived(@Payload() ticket: Facts, @Ctx() tx: EventTx) {
    const { result, satisfaction } = ticket;
    return this.record(tx, ticket, 'ticket-archived', { ...gistOf(ticket), result, satisfaction });
  }

  @On(TicketWithdrawn, { independent: true })
  withdrawn(@Payload() ticket: DataOf<typeof TicketWithdrawn>, @Ctx() tx: EventTx) {
    return this.record(tx, ticket, 'ticket-withdrawn', ticket);
  }

  /** On the customer that has the ticket's first act, else on the one that the event names. */
  private async record(
    tx: EventTx,
    { ticketId, customerId }: { ticketId: string; customerId?: string },
    act: CustomerAct,
    details: object,
  ): Promise<void> {
    const [customer] = await tx.query<{ id: string }>(
      `SELECT coalesce((SELECT customer_id FROM customer_history WHERE act = 'ticket-created' AND details->>'ticketId' = $1::text),
                       (SELECT id FROM customer WHERE id = $2)) AS id`,
      [ticketId, customerId ?? null],
    );
    if (!customer?.id) {
      // Only after the database was restored to a state before the customer.
      this.logger.warn({ ticketId, customerId, act }, 'a ticket of a customer that is not known is on no timeline');
      return;
    }
    await recordCustomerActs(tx, [{ recordId: customer.id, act, details, at: tx.event.time }]);
  }
}

const gistOf = ({ ticketId, code, creatorId, assigneeId }: Facts) => ({ ticketId, code, creatorId, assigneeId });

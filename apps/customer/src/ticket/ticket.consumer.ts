import {
  TicketArchived,
  TicketAssigned,
  TicketCreated,
  TicketHandled,
  TicketMoved,
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
    await together([noteUse(tx, { ticket_type: ticket.type }), this.follow(tx, ticket)]);
  }

  @On(TicketMoved, { independent: true })
  moved(@Payload() ticket: Facts, @Ctx() tx: EventTx) {
    return this.follow(tx, ticket);
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

  /**
   * When the ticket is somebody else's now (SVC-5), both timelines say so. Of a customer that was merged its survivor shows the
   * timeline (CUS-6): between the two nothing moves.
   */
  private async follow(tx: EventTx, ticket: Facts): Promise<void> {
    const [places] = await tx.query<{ from: string; to: string }>(
      `SELECT f.id AS from, t.id AS to FROM (${PLACE_OF_TICKET}) AS f (id), customer t
        WHERE t.id = $2 AND successor_of(f.id) <> successor_of(t.id)`,
      [ticket.ticketId, ticket.customerId],
    );
    if (!places) return;
    const { from, to } = places;
    const act = { act: 'ticket-moved' as const, details: { ...gistOf(ticket), from, to }, at: tx.event.time };
    await recordCustomerActs(tx, [
      { recordId: from, ...act },
      { recordId: to, ...act },
    ]);
  }

  /** On the customer that the ticket was opened for or moved to, else on the one that the event names. */
  private async record(
    tx: EventTx,
    { ticketId, customerId }: { ticketId: string; customerId?: string },
    act: CustomerAct,
    details: object,
  ): Promise<void> {
    const [customer] = await tx.query<{ id: string }>(
      `SELECT coalesce((${PLACE_OF_TICKET}), (SELECT id FROM customer WHERE id = $2)) AS id`,
      [ticketId, customerId ?? null],
    );
    if (!customer?.id) {
      // Only after the database was restored to a state before the customer.
      const { traceId } = tx.context;
      this.logger.warn(
        { ticketId, customerId, act, traceId },
        'a ticket of a customer that is not known is on no timeline',
      );
      return;
    }
    await recordCustomerActs(tx, [{ recordId: customer.id, act, details, at: tx.event.time }]);
  }
}

/** The customer whose timeline has the ticket $1. */
const PLACE_OF_TICKET = `SELECT CASE act WHEN 'ticket-moved' THEN (details->>'to')::uuid ELSE customer_id END FROM customer_history
  WHERE act IN ('ticket-created', 'ticket-moved') AND details->>'ticketId' = $1::text ORDER BY id DESC LIMIT 1`;

const gistOf = ({ ticketId, code, creatorId, assigneeId }: Facts) => ({ ticketId, code, creatorId, assigneeId });

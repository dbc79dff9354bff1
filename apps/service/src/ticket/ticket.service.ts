import { Injectable } from '@nestjs/common';
import {
  CrmError,
  type NewEvent,
  type TicketChanges,
  type TicketFeedback,
  type TicketInput,
  type TicketView,
} from '#contracts';
import { Dictionary, People, together, type Tx, UnitOfWork, type RequestContext } from '#platform';
import { KnownCustomers } from '../customer/known-customers.js';
import { keepTerms } from './similar-tickets.js';
import { Ticket } from './ticket.entity.js';
import { type Act, recordAct } from './ticket.timeline.js';

/** Use cases: one method, one transaction. A refusal of ownership comes after that of the state. */
@Injectable()
export class TicketService {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly customers: KnownCustomers,
    private readonly people: People,
    private readonly dictionary: Dictionary,
  ) {}

  async create(context: RequestContext, input: TicketInput): Promise<TicketView> {
    await this.customers.awaitArrival(context.actor, input.customerId, input.contactId);
    return this.uow.run(context, async (tx) => {
      await this.requireType(tx, input.type);
      const customerId = await this.customers.require(tx, input.customerId);
      await this.customers.requireContact(tx, input.contactId, customerId);
      const { ticket, event } = Ticket.create({ ...input, customerId }, await tx.nextCode('ticket'), tx.actor.id);
      tx.publish(event);
      const { type, priority, summary } = ticket;
      const [, , view] = await together([
        tx.insert(ticket),
        recordAct(tx, ticket.id, 'created', { type, priority, summary }),
        this.view(tx, ticket),
      ]);
      return view;
    });
  }

  async update(context: RequestContext, id: string, changes: TicketChanges): Promise<TicketView> {
    await this.customers.awaitArrival(context.actor, changes.customerId, changes.contactId);
    return this.uow.run(context, async (tx) => {
      const ticket = await tx.load(Ticket, id);
      // What was chosen before stays valid, even if it was retired or removed since.
      if (changes.type !== ticket.type) await this.requireType(tx, changes.type);
      const { customerId: named = ticket.customerId, contactId = ticket.contactId } = changes;
      const customerId = named === ticket.customerId ? named : await this.customers.require(tx, named);
      if (customerId !== ticket.customerId || contactId !== ticket.contactId)
        await this.customers.requireContact(tx, contactId, customerId);
      const update = ticket.update(changes.customerId ? { ...changes, customerId } : changes);
      requireCreator(tx, ticket);
      if (!update) return this.view(tx, ticket);
      return this.store(tx, ticket, update.event, 'edited', update.changed);
    });
  }

  withdraw(context: RequestContext, id: string): Promise<void> {
    return this.uow.run(context, async (tx) => {
      const ticket = await tx.load(Ticket, id);
      const withdrawn = ticket.withdraw();
      requireCreator(tx, ticket);
      await this.store(tx, ticket, withdrawn, 'withdrawn');
    });
  }

  assign(context: RequestContext, id: string, assigneeId: string): Promise<TicketView> {
    return this.uow.run(context, async (tx) => {
      const [ticket] = await together([
        tx.load(Ticket, id),
        this.people.requireEligible(tx, 'assigneeId', assigneeId, 'ticket.handle'),
      ]);
      const assigned = ticket.assign(assigneeId);
      tx.requireScope('ticket.assign', ticket.creatorId);
      return this.store(tx, ticket, assigned, 'assigned', { assigneeId });
    });
  }

  handle(context: RequestContext, id: string, handling: string): Promise<TicketView> {
    return this.uow.run(context, async (tx) => {
      const ticket = await tx.load(Ticket, id);
      const handled = ticket.handle(handling, tx.actor.id);
      tx.requireScope('ticket.handle', ticket.assigneeId);
      return this.store(tx, ticket, handled, 'handled', { round: ticket.round, handling });
    });
  }

  feedback(context: RequestContext, id: string, feedback: TicketFeedback): Promise<TicketView> {
    return this.uow.run(context, async (tx) => {
      const ticket = await tx.load(Ticket, id);
      const { round, handling, handledBy, handledAt } = ticket;
      const event = ticket.feedback(feedback);
      tx.requireScope('ticket.feedback', ticket.assigneeId);
      const archived = ticket.status === 'archived';
      const details = { round, handling, handledBy, handledAt: handledAt?.toISOString(), ...feedback };
      const view = await this.store(tx, ticket, event, archived ? 'archived' : 'returned', details);
      if (archived) await keepTerms(tx, ticket);
      return view;
    });
  }

  private async store(tx: Tx, ticket: Ticket, event: NewEvent, act: Act, details: object = {}): Promise<TicketView> {
    tx.publish(event);
    const [, , view] = await together([tx.save(ticket), recordAct(tx, ticket.id, act, details), this.view(tx, ticket)]);
    return view;
  }

  private async view(tx: Tx, ticket: Ticket): Promise<TicketView> {
    return ticket.view(await this.customers.namesOf(tx, ticket));
  }

  private requireType(tx: Tx, code: string | undefined): Promise<void> {
    return this.dictionary.requireActive(tx, [{ field: 'type', type: 'ticket_type', code }]);
  }
}

/** SVC-5. Whoever may handle everybody's tickets (in the seeded roles the super administrator alone) may tidy up any. */
function requireCreator(tx: Tx, ticket: Ticket): void {
  if (ticket.creatorId !== tx.actor.id && tx.actor.rights['ticket.handle'] !== 'all')
    throw new CrmError('not-owner', { right: 'ticket.create' });
}

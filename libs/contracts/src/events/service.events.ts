import { z } from 'zod';
import { Id } from '../http/fields.js';
import { TicketView } from '../http/service.api.js';
import { defineEvent } from './define-event.js';

/** The ticket as it is after the event. */
const Ticket = TicketView.omit({ id: true, version: true, customerName: true }).extend({ ticketId: Id });

export const TicketCreated = defineEvent('service.ticket.created', 1, 'A customer wants something', Ticket);
export const TicketUpdated = defineEvent('service.ticket.updated', 1, 'Its creator edited a ticket', Ticket);
export const TicketWithdrawn = defineEvent(
  'service.ticket.withdrawn',
  1,
  'Its creator took a ticket back',
  z.object({ ticketId: Id, code: z.string() }),
);
export const TicketAssigned = defineEvent('service.ticket.assigned', 1, 'A ticket was given to one person', Ticket);
export const TicketHandled = defineEvent('service.ticket.handled', 1, 'The assignee wrote how it was handled', Ticket);
export const TicketReturned = defineEvent(
  'service.ticket.returned',
  1,
  'The customer was not content: back to the assignee',
  Ticket.extend({ round: z.int().positive() }),
);
export const TicketArchived = defineEvent(
  'service.ticket.archived',
  1,
  'The customer was content: closed for good',
  Ticket,
);

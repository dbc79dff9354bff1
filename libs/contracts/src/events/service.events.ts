import { z } from 'zod';
import { Id } from '../http/fields.js';
import { TicketView } from '../http/service.api.js';
import { defineEvent } from './define-event.js';

/** The ticket as it is after the event. */
const Ticket = TicketView.omit({ id: true, version: true, customerName: true, contactName: true, round: true }).extend({
  ticketId: Id,
});

export const TicketCreated = defineEvent(
  'service.ticket.created',
  1,
  'A customer wants something · 客户提出了服务请求',
  Ticket,
);
export const TicketUpdated = defineEvent(
  'service.ticket.updated',
  1,
  'Its creator edited a ticket · 创建人修改了服务单',
  Ticket,
);
export const TicketWithdrawn = defineEvent(
  'service.ticket.withdrawn',
  1,
  'Its creator took a ticket back · 创建人撤回了服务单',
  z.object({ ticketId: Id, code: z.string(), customerId: Id.optional() }),
);
export const TicketAssigned = defineEvent(
  'service.ticket.assigned',
  1,
  'A ticket was given to one person · 服务单已分配',
  Ticket,
);
export const TicketHandled = defineEvent(
  'service.ticket.handled',
  1,
  'The assignee wrote how it was handled · 处理人填写了处理结果',
  Ticket,
);
export const TicketReturned = defineEvent(
  'service.ticket.returned',
  1,
  'The customer was not content: back to the assignee · 客户不满意:退回处理人',
  Ticket.extend({ round: z.int().positive() }),
);
export const TicketArchived = defineEvent(
  'service.ticket.archived',
  1,
  'The customer was content: closed for good · 客户满意:归档',
  // 1: solved at the first attempt.
  Ticket.extend({ round: z.int().positive().optional() }),
);
export const TicketMoved = defineEvent(
  'service.ticket.moved',
  1,
  'Its customer was merged into another, or such a merge was undone: the ticket belongs to that one now · 客户合并或撤销合并后,服务单归属随之变更',
  Ticket.extend({ previousCustomerId: Id }),
);

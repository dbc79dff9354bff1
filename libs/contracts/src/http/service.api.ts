import { z } from 'zod';
import { defineRoutes } from './define-routes.js';
import { PickedCode, Id, Instant, page, text, Version } from './fields.js';
import { Assignment, TIMELINE_LIST, TimelineEntry } from './marketing.api.js';

export const TICKET_STATUSES = ['created', 'assigned', 'handled', 'archived'] as const;
export type TicketStatus = (typeof TICKET_STATUSES)[number];
export const TICKET_PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;

export const TicketInput = z.strictObject({
  type: PickedCode,
  summary: text(200),
  customerId: Id,
  contactId: Id.nullish(),
  request: text(5000),
  priority: z.enum(TICKET_PRIORITIES).default('normal'),
});
export type TicketInput = z.infer<typeof TicketInput>;
export const TicketChanges = z.strictObject({
  type: PickedCode.optional(),
  summary: text(200).optional(),
  customerId: Id.optional(),
  contactId: Id.nullish(),
  request: text(5000).optional(),
  priority: z.enum(TICKET_PRIORITIES).optional(),
});
export type TicketChanges = z.infer<typeof TicketChanges>;
export const TicketHandling = z.strictObject({ handling: text(5000) });
export const TicketFeedback = z.strictObject({ result: text(1000), satisfaction: z.int().min(1).max(5) });
export type TicketFeedback = z.infer<typeof TicketFeedback>;

export const TicketView = z
  .object({
    id: Id,
    code: z.string(),
    version: Version,
    status: z.enum(TICKET_STATUSES),
    type: z.string(),
    priority: z.enum(TICKET_PRIORITIES),
    summary: z.string(),
    request: z.string(),
    customerId: Id,
    customerName: z.string().nullable(),
    contactId: Id.nullable(),
    contactName: z.string().nullable(),
    creatorId: Id,
    createdAt: Instant,
    assigneeId: Id.nullable(),
    assignedAt: Instant.nullable(),
    round: z.int().positive().meta({ description: '1, and one more each time that it came back' }),
    handling: z.string().nullable(),
    handledBy: Id.nullable(),
    handledAt: Instant.nullable(),
    result: z.string().nullable(),
    satisfaction: z.int().nullable(),
    archivedAt: Instant.nullable(),
  })
  .meta({ id: 'Ticket' });
export type TicketView = z.infer<typeof TicketView>;

const howMany = z.coerce.number().int().min(1).max(50).default(10);
export const SimilarQuery = z.strictObject({ limit: howMany });
export type SimilarQuery = z.infer<typeof SimilarQuery>;
/** For a ticket that is still being written, and for the search in what was solved before. */
export const SimilarTextQuery = z.strictObject({ text: text(1000), limit: howMany });
export type SimilarTextQuery = z.infer<typeof SimilarTextQuery>;
export const SimilarTicket = TicketView.extend({
  score: z.number().meta({ description: 'How much of the text it has in common, 0 to 1; rare words count for more' }),
}).meta({ id: 'SimilarTicket' });
export type SimilarTicket = z.infer<typeof SimilarTicket>;

export const ServiceRoutes = defineRoutes('service', 'tickets', {
  listTickets: {
    method: 'GET',
    path: '/tickets',
    access: 'ticket.read',
    summary: 'Tickets · 服务单列表',
    list: {
      filters: {
        status: TICKET_STATUSES,
        type: 'code',
        priority: TICKET_PRIORITIES,
        customerId: 'id',
        customerName: 'contains',
        contactId: 'id',
        assigneeId: 'id',
        creatorId: 'id',
        satisfaction: 'int',
        createdAt: 'instant',
        assignedAt: 'instant',
        handledAt: 'instant',
        archivedAt: 'instant',
      },
      sorts: ['createdAt', 'assignedAt', 'handledAt', 'archivedAt', 'priority', 'satisfaction'],
      defaultSort: '-createdAt',
      search: true,
    },
    response: page(TicketView),
  },
  createTicket: {
    method: 'POST',
    path: '/tickets',
    access: 'ticket.create',
    summary: 'Create a ticket · 创建服务单',
    body: TicketInput,
    response: TicketView,
    status: 201,
  },
  getTicket: {
    method: 'GET',
    path: '/tickets/:id',
    access: 'ticket.read',
    summary: 'One ticket · 服务单详情',
    response: TicketView,
    record: 'ticket',
  },
  updateTicket: {
    method: 'PATCH',
    path: '/tickets/:id',
    access: 'ticket.create',
    summary: 'Edit a ticket that is not assigned yet; its creator only · 编辑服务单',
    body: TicketChanges,
    response: TicketView,
    record: 'ticket',
  },
  withdrawTicket: {
    method: 'DELETE',
    path: '/tickets/:id',
    access: 'ticket.create',
    summary: 'Withdraw a ticket that is not assigned yet; its creator only · 撤回服务单',
    record: 'ticket',
  },
  assignTicket: {
    method: 'POST',
    path: '/tickets/:id/assign',
    access: 'ticket.assign',
    summary: 'Assign · 分配',
    body: Assignment,
    response: TicketView,
    record: 'ticket',
  },
  handleTicket: {
    method: 'POST',
    path: '/tickets/:id/handle',
    access: 'ticket.handle',
    summary: 'Record how it was handled · 处理',
    body: TicketHandling,
    response: TicketView,
    record: 'ticket',
  },
  recordTicketFeedback: {
    method: 'POST',
    path: '/tickets/:id/feedback',
    access: 'ticket.feedback',
    summary: 'Record the customer’s feedback · 反馈',
    body: TicketFeedback,
    response: TicketView,
    record: 'ticket',
  },
  similarToText: {
    method: 'GET',
    path: '/tickets/similar',
    access: 'ticket.read',
    summary: 'Archived tickets that are closest to a text, closest first · 按文本查找相似的已归档服务单',
    query: SimilarTextQuery,
    response: page(SimilarTicket),
  },
  similarTickets: {
    method: 'GET',
    path: '/tickets/:id/similar',
    access: 'ticket.read',
    summary: 'Archived tickets that are closest to this one, closest first · 相似的已归档服务单',
    query: SimilarQuery,
    response: page(SimilarTicket),
    record: 'ticket',
  },
  ticketTimeline: {
    method: 'GET',
    path: '/tickets/:id/timeline',
    access: 'ticket.read',
    summary: 'What happened to the ticket, newest first · 服务单动态',
    list: TIMELINE_LIST,
    response: page(TimelineEntry),
    record: 'ticket',
  },
});

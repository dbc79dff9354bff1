import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Actor, CrmError, ServiceRoutes, type TicketView } from '#contracts';
import { containsText, type ListPlan, type ListQuery, readList, visibleTo, timelinePlan } from '#platform';
import { ticketPolicy } from './ticket.policy.js';

const FROM = 'ticket t LEFT JOIN customer c ON c.id = t.customer_id';
const SELECT = `t.id, t.code, t.version, t.status, t.type, t.priority, t.summary, t.request,
  t.customer_id AS "customerId", c.name AS "customerName", t.contact_id AS "contactId",
  t.creator_id AS "creatorId", t.created_at AS "createdAt", t.assignee_id AS "assigneeId", t.assigned_at AS "assignedAt",
  t.handling, t.handled_by AS "handledBy", t.handled_at AS "handledAt", t.result, t.satisfaction, t.archived_at AS "archivedAt"`;

type InstantField = 'createdAt' | 'assignedAt' | 'handledAt' | 'archivedAt';
type TicketRow = Omit<TicketView, InstantField> & { createdAt: Date } & Record<
    Exclude<InstantField, 'createdAt'>,
    Date | null
  >;

const toView = (row: TicketRow): TicketView => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  assignedAt: row.assignedAt?.toISOString() ?? null,
  handledAt: row.handledAt?.toISOString() ?? null,
  archivedAt: row.archivedAt?.toISOString() ?? null,
});

const plan: ListPlan<TicketView> = {
  definition: ServiceRoutes.listTickets.list,
  from: FROM,
  select: SELECT,
  columns: {
    status: 't.status',
    type: 't.type',
    priority: 't.priority',
    customerId: 't.customer_id',
    contactId: 't.contact_id',
    assigneeId: 't.assignee_id',
    creatorId: 't.creator_id',
    satisfaction: 't.satisfaction',
    createdAt: 't.created_at',
    assignedAt: 't.assigned_at',
    handledAt: 't.handled_at',
    archivedAt: 't.archived_at',
  },
  search: containsText('t.search_text'),
  policy: ticketPolicy,
  view: toView,
};

const TIMELINE = timelinePlan('ticket_history', ServiceRoutes.ticketTimeline.list);

@Injectable()
export class TicketQueries {
  constructor(private readonly db: DataSource) {}

  list(query: ListQuery, actor: Actor) {
    return readList(this.db, plan, query, actor);
  }

  async one(id: string, actor: Actor): Promise<TicketView> {
    const parameters: unknown[] = [id];
    const visible = visibleTo(ticketPolicy, actor, parameters);
    const [row]: TicketRow[] = await this.db.query(
      `SELECT ${SELECT} FROM ${FROM} WHERE t.id = $1 AND ${visible}`,
      parameters,
    );
    if (!row) throw new CrmError('not-found');
    return toView(row);
  }

  async timeline(id: string, query: ListQuery, actor: Actor) {
    await this.one(id, actor);
    return readList(this.db, { ...TIMELINE, where: { sql: 't.ticket_id = $1', parameters: [id] } }, query);
  }
}

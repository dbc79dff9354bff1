import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Actor, CrmError, ServiceRoutes, type TicketView } from '#contracts';
import {
  containsText,
  fold,
  type ListPlan,
  type ListQuery,
  readList,
  readSql,
  visibleTo,
  timelinePlan,
} from '#platform';
import { ticketPolicy } from './ticket.policy.js';
import { TICKET_COLUMNS, TICKET_FROM } from './ticket.view.js';

type Conditions = NonNullable<ListPlan<TicketView>['conditions']>;
const compared =
  (expression: string): Conditions[string] =>
  ({ operator, values }, add) => {
    if (operator === 'in' && values.length > 1) return `${expression} = ANY (${add(values)})`;
    return `${expression} ${operator === 'in' ? '=' : operator} ${add(values[0])}`;
  };
/** What has not happened yet sorts before all that has, but it is not "at most" anything. */
const happened =
  (column: string, expression: string): Conditions[string] =>
  (condition, add) =>
    `${column} IS NOT NULL AND ${compared(expression)(condition, add)}`;
const ASSIGNED = `COALESCE(t.assigned_at, '-infinity'::timestamptz)`;
const HANDLED = `COALESCE(t.handled_at, '-infinity'::timestamptz)`;
const ARCHIVED = `COALESCE(t.archived_at, '-infinity'::timestamptz)`;
const SATISFACTION = 'COALESCE(t.satisfaction, 0)';
const findsCustomer = containsText('c.search_text', 'grams');

const PLAN: ListPlan<TicketView> = {
  definition: ServiceRoutes.listTickets.list,
  from: TICKET_FROM,
  select: TICKET_COLUMNS,
  columns: {
    status: 't.status',
    type: 't.type',
    priority: `array_position(ARRAY['low', 'normal', 'high', 'urgent'], t.priority)`,
    customerId: 't.customer_id',
    contactId: 't.contact_id',
    assigneeId: 't.assignee_id',
    creatorId: 't.creator_id',
    satisfaction: SATISFACTION,
    createdAt: 't.created_at',
    assignedAt: ASSIGNED,
    handledAt: HANDLED,
    archivedAt: ARCHIVED,
  },
  conditions: {
    // A customer that was merged stands for its survivor.
    customerId: ({ values }, add) =>
      values.length === 1
        ? `t.customer_id = successor_of(${add(values[0])})`
        : `t.customer_id = ANY (ARRAY(SELECT successor_of(id) FROM unnest(${add(values)}::uuid[]) AS id))`,
    customerName: ({ values }, add) => findsCustomer(fold(String(values[0])), add),
    priority: compared('t.priority'),
    satisfaction: happened('t.satisfaction', SATISFACTION),
    assignedAt: happened('t.assigned_at', ASSIGNED),
    handledAt: happened('t.handled_at', HANDLED),
    archivedAt: happened('t.archived_at', ARCHIVED),
  },
  search: containsText('t.search_text', 'grams'),
  policy: ticketPolicy,
};

const TIMELINE = timelinePlan('ticket_history', ServiceRoutes.ticketTimeline.list);

@Injectable()
export class TicketQueries {
  constructor(private readonly db: DataSource) {}

  list(query: ListQuery, actor: Actor) {
    return readList(this.db, PLAN, query, actor);
  }

  async one(id: string, actor: Actor): Promise<TicketView> {
    const parameters: unknown[] = [id];
    const visible = visibleTo(ticketPolicy, actor, parameters);
    const [row] = await readSql<TicketView>(
      this.db.manager,
      `SELECT ${TICKET_COLUMNS} FROM ${TICKET_FROM} WHERE t.id = $1 AND ${visible}`,
      parameters,
    );
    if (!row) throw new CrmError('not-found');
    return row;
  }

  async timeline(id: string, query: ListQuery, actor: Actor) {
    await this.one(id, actor);
    return readList(this.db, { ...TIMELINE, where: { sql: 't.ticket_id = $1', parameters: [id] } }, query);
  }
}

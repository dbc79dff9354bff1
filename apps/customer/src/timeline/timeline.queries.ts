import { TimelineRoutes, type Actor, type TimelineEntry } from '#contracts';
import { readList, runSql, timelinePlan, together, visibleTo, type ListQuery, type Page } from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { requireVisible } from '../customer/customer.policy.js';
import { CUSTOMER_HISTORY, type CustomerAct } from './customer.timeline.js';

interface Guarded {
  /** The gateway tells a service of no other rights. */
  readonly readRight: (typeof TimelineRoutes.customerTimeline.shownBy)[number];
  readonly owned: string;
  readonly acts: readonly CustomerAct[];
}

const ofOwnCustomer =
  'EXISTS (SELECT FROM customer c WHERE c.id = successor_of(t.customer_id) AND c.owner_id = :actor)';
/** Nobody but its creator withdraws one. */
const ofOwnTicket = `:actor IN (t.details->>'creatorId', t.details->>'assigneeId', CASE t.act WHEN 'ticket-withdrawn' THEN t.actor_id::text END)`;

/** What tells of records that have a right of their own is shown to those who may read these. */
const GUARDED: readonly Guarded[] = [
  {
    readRight: 'order.read',
    owned: ofOwnCustomer,
    acts: ['order-recorded', 'order-changed', 'order-cancelled', 'order-moved'],
  },
  {
    readRight: 'ticket.read',
    owned: ofOwnTicket,
    acts: [
      'ticket-created',
      'ticket-moved',
      'ticket-assigned',
      'ticket-handled',
      'ticket-returned',
      'ticket-archived',
      'ticket-withdrawn',
    ],
  },
  {
    readRight: 'churn.read',
    owned: ofOwnCustomer,
    acts: ['churn-alert-raised', 'churn-postponed', 'churn-measure-added', 'churn-recovered', 'lost'],
  },
];

const PLAN = timelinePlan(CUSTOMER_HISTORY.table, TimelineRoutes.customerTimeline.list);

/** Everything that happened to a customer, on one list (CUS-4, SVC-7). */
@Injectable()
export class TimelineQueries {
  constructor(private readonly dataSource: DataSource) {}

  async ofCustomer(customerId: string, query: ListQuery, actor: Actor): Promise<Page<TimelineEntry>> {
    const [merged] = await together([
      runSql<{ id: string }>(this.dataSource.manager, 'SELECT id FROM customer WHERE survivor_id = $1', [customerId]),
      requireVisible(this.dataSource, actor, customerId),
    ]);
    // Nothing is moved from the timeline of a customer that was merged into this one: both are shown (CUS-6).
    const both = merged.length > 0;
    const parameters: unknown[] = [both ? [customerId, ...merged.map(({ id }) => id)] : customerId];
    const conditions = GUARDED.map(({ acts, ...guard }) => {
      const visible = visibleTo({ kind: 'customer-act', table: CUSTOMER_HISTORY.table, ...guard }, actor, parameters);
      return `(t.act <> ALL ($${parameters.push(acts)}) OR ${visible})`;
    });
    const where = {
      sql: [both ? 't.customer_id = ANY ($1)' : 't.customer_id = $1', ...conditions].join(' AND '),
      parameters,
    };
    return readList(this.dataSource, { ...PLAN, where }, query);
  }
}

import { ACTIVITY_LIST, CrmError, type ActivityView, type Actor } from '#contracts';
import { containsText, readList, readSql, visibleTo, type ListPlan, type ListQuery, type Page } from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ofCustomer } from '../merge/successors.js';
import { knownDay } from '../customer/customer-search.js';
import { ofVisibleCustomers, requireVisible } from '../customer/customer.policy.js';

const FROM = 'activity t JOIN customer c ON c.id = t.customer_id';
const COLUMNS = `t.id, t.customer_id AS "customerId", c.name AS "customerName", t.version, t.date, t.kind, t.place, t.summary, t.detail,
  t.participants, t.contact_id AS "contactId", t.next_follow_up_date AS "nextFollowUpDate",
  t.next_follow_up_todo AS "nextFollowUpTodo", t.author_id AS "authorId", t.created_at AS "createdAt"`;
const NONE = `'infinity'::date`;
const FOLLOW_UP = `coalesce(t.next_follow_up_date, ${NONE})`;
const ActivityPolicy = ofVisibleCustomers('activity');

export const ACTIVITIES: ListPlan<ActivityView> = {
  definition: ACTIVITY_LIST,
  from: FROM,
  select: COLUMNS,
  columns: {
    date: 't.date',
    kind: 't.kind',
    customerId: 't.customer_id',
    ownerId: 't.owner_id',
    authorId: 't.author_id',
    contactId: 't.contact_id',
    nextFollowUpDate: FOLLOW_UP,
  },
  conditions: {
    customerId: ofCustomer,
    nextFollowUpDate: knownDay('t.next_follow_up_date', FOLLOW_UP, `< ${NONE}`),
  },
  ordered: {
    date: {
      contactId: 't.contact_id',
      ownerId: 't.owner_id',
      authorId: 't.author_id',
      kind: 't.kind',
    },
    nextFollowUpDate: { ownerId: 't.owner_id' },
  },
  search: containsText('t.search_text'),
  policy: ActivityPolicy,
};

/** Reads: SQL straight to views. */
@Injectable()
export class ActivityQueries {
  constructor(private readonly dataSource: DataSource) {}

  list(query: ListQuery, actor: Actor): Promise<Page<ActivityView>> {
    return readList(this.dataSource, ACTIVITIES, query, actor);
  }

  async ofCustomer(customerId: string, query: ListQuery, actor: Actor): Promise<Page<ActivityView>> {
    await requireVisible(this.dataSource, actor, customerId);
    const ofThis = { field: 'customerId', operator: 'in', values: [customerId] } as const;
    return readList(this.dataSource, ACTIVITIES, { ...query, conditions: [ofThis, ...query.conditions] }, actor);
  }

  async one(customerId: string, activityId: string, actor: Actor): Promise<ActivityView> {
    const parameters: unknown[] = [activityId, customerId];
    const visible = visibleTo(ActivityPolicy, actor, parameters);
    const [row] = await readSql<ActivityView>(
      this.dataSource.manager,
      `SELECT ${COLUMNS} FROM ${FROM} WHERE t.id = $1 AND t.customer_id = $2 AND ${visible}`,
      parameters,
    );
    if (!row) throw new CrmError('not-found');
    return row;
  }
}

import { type Actor, type ChurnAlertView, ChurnRoutes, CrmError } from '#contracts';
import { containsText, type ListPlan, type ListQuery, type Page, readList, readSql, visibleTo } from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ofCustomer } from '../merge/successors.js';
import { ALERTS_WITH_CUSTOMERS, AlertWithCustomerPolicy } from './churn.policy.js';

const COLUMNS = `t.id, t.version, t.customer_id AS "customerId", c.code AS "customerCode", c.name AS "customerName",
  c.owner_id AS "ownerId", t.status, t.last_order_date AS "lastOrderDate", t.since, t.as_of AS "asOf", t.raised_at AS "raisedAt",
  (SELECT coalesce(json_agg(json_build_object('date', m.date, 'measure', m.measure, 'authorId', m.author_id) ORDER BY m.date, m.id), '[]')
     FROM churn_measure m WHERE m.alert_id = t.id) AS measures,
  t.reason, t.lost_at AS "lostAt", t.recovered_at AS "recoveredAt"`;

const PLAN: ListPlan<ChurnAlertView> = {
  definition: ChurnRoutes.listChurnAlerts.list,
  from: ALERTS_WITH_CUSTOMERS,
  select: COLUMNS,
  columns: {
    status: 't.status',
    ownerId: 'c.owner_id',
    customerId: 't.customer_id',
    raisedAt: 't.raised_at',
    lastOrderDate: 't.last_order_date',
    since: 't.since',
  },
  ordered: { raisedAt: { status: 't.status' } },
  conditions: {
    customerId: ofCustomer,
    // An alert was raised before: the walk from the newest on begins there.
    lostAt: ({ operator, values }, add) =>
      operator === '<' || operator === '<='
        ? `t.lost_at ${operator} ${add(values[0])} AND t.raised_at ${operator} ${add(values[0])}`
        : `t.lost_at ${operator === 'in' ? '=' : operator} ANY (${add(values)})`,
  },
  search: containsText('c.search_text'),
  policy: AlertWithCustomerPolicy,
};

/** Reads: SQL straight to views. */
@Injectable()
export class ChurnQueries {
  constructor(private readonly dataSource: DataSource) {}

  list(query: ListQuery, actor: Actor): Promise<Page<ChurnAlertView>> {
    return readList(this.dataSource, PLAN, query, actor);
  }

  one(id: string, actor: Actor): Promise<ChurnAlertView> {
    return readAlert(this.dataSource.manager, id, actor);
  }
}

/** @throws CrmError not-found when it is not there or the person may not see it */
export async function readAlert(manager: EntityManager, id: string, actor: Actor): Promise<ChurnAlertView> {
  const parameters: unknown[] = [id];
  const visible = visibleTo(AlertWithCustomerPolicy, actor, parameters);
  const [row] = await readSql<ChurnAlertView>(
    manager,
    `SELECT ${COLUMNS} FROM ${ALERTS_WITH_CUSTOMERS} WHERE t.id = $1 AND ${visible}`,
    parameters,
  );
  if (!row) throw new CrmError('not-found');
  return row;
}

import {
  type Actor,
  CrmError,
  MarketingRoutes,
  type OpportunityView,
  type PlanItemView,
  PlanRoutes,
  type TimelineEntry,
} from '#contracts';
import {
  containsText,
  type ListPlan,
  type ListQuery,
  type Page,
  readList,
  readSql,
  visibleTo,
  timelinePlan,
} from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { opportunityPolicy } from './opportunity.policy.js';
import { opportunityView } from './opportunity.view.js';

const COLUMNS = `t.id, t.code, t.version, t.status, t.stage, t.source, t.customer_name AS "customerName", t.summary, t.description,
  t.customer_need AS "customerNeed", t.competitors, t.region, t.success_rate AS "successRate", t.expected_amount AS "expectedAmount",
  t.currency, t.expected_close_date AS "expectedCloseDate", t.contact_name AS "contactName", t.contact_phone AS "contactPhone",
  t.creator_id AS "creatorId", t.created_at AS "createdAt", t.assignee_id AS "assigneeId", t.assigned_at AS "assignedAt",
  t.closed_at AS "closedAt", t.close_reason AS "closeReason", t.customer_id AS "customerId", t.external_id AS "externalId"`;

/** Reads: from SQL straight to what the API shows. */
@Injectable()
export class OpportunityQueries {
  constructor(private readonly dataSource: DataSource) {}

  list(query: ListQuery, actor: Actor): Promise<Page<OpportunityView>> {
    return readList(this.dataSource, listPlan(query), query, actor);
  }

  /** @throws CrmError not-found when it is not there or the person may not see it */
  async get(id: string, actor: Actor): Promise<OpportunityView> {
    const parameters: unknown[] = [id];
    const [row] = await readSql<OpportunityView>(
      this.dataSource.manager,
      `SELECT ${COLUMNS} FROM opportunity t WHERE t.id = $1 AND ${visibleTo(opportunityPolicy, actor, parameters)}`,
      parameters,
    );
    if (!row) throw new CrmError('not-found');
    return opportunityView(row);
  }

  async plan(id: string, query: ListQuery, actor: Actor): Promise<Page<PlanItemView>> {
    await this.get(id, actor);
    return readList(this.dataSource, { ...PLAN_ITEMS, where: of(id) }, query);
  }

  async planItem(id: string, itemId: string, actor: Actor): Promise<PlanItemView> {
    await this.get(id, actor);
    const [row] = await readSql<PlanItemView>(
      this.dataSource.manager,
      `SELECT ${PLAN_ITEMS.select} FROM ${PLAN_ITEMS.from} WHERE t.opportunity_id = $1 AND t.id = $2`,
      [id, itemId],
    );
    if (!row) throw new CrmError('not-found');
    return row;
  }

  async timeline(id: string, query: ListQuery, actor: Actor): Promise<Page<TimelineEntry>> {
    await this.get(id, actor);
    return readList(this.dataSource, { ...TIMELINE, where: of(id) }, query);
  }
}

const of = (id: string) => ({ sql: 't.opportunity_id = $1', parameters: [id] });

const PLAN_ITEMS: ListPlan<PlanItemView> = {
  definition: PlanRoutes.listPlanItems.list,
  from: 'plan_item t JOIN opportunity o ON o.id = t.opportunity_id',
  select: `t.id, t.version, t.date, t.todo, t.result, t.executed_at AS "executedAt",
    CASE WHEN t.result IS NOT NULL THEN 'carried_out' WHEN o.status = 'lost' THEN 'not_carried_out' ELSE 'open' END AS status`,
  columns: { date: 't.date' },
};

const TIMELINE = timelinePlan('opportunity_history', MarketingRoutes.opportunityTimeline.list);

/** Where those sort that do not have it: no amount is the least, no day comes last. A filter leaves them out. */
const WITHOUT: Readonly<Record<string, { sorted: string; given: string }>> = {
  expectedAmount: { sorted: 'COALESCE(t.expected_amount, 0)', given: '> 0' },
  assignedAt: { sorted: `COALESCE(t.assigned_at, '-infinity')`, given: `> '-infinity'` },
  closedAt: { sorted: `COALESCE(t.closed_at, '-infinity')`, given: `> '-infinity'` },
  expectedCloseDate: { sorted: `COALESCE(t.expected_close_date, 'infinity')`, given: `< 'infinity'` },
};

/** What the database should know of a filter, so that it finds its rows by the order of an index. */
function implied({ conditions }: ListQuery): { sql: string; parameters: unknown[] } {
  const sql = ['true'];
  const parameters: unknown[] = [];
  for (const { field, operator, values } of conditions) {
    const without = WITHOUT[field];
    if (without) sql.push(`${without.sorted} ${without.given}`);
    // Nothing is assigned or closed before it was created.
    if ((field === 'assignedAt' || field === 'closedAt') && operator.startsWith('<'))
      sql.push(`t.created_at <= $${parameters.push(values[0])}`);
  }
  return { sql: sql.join(' AND '), parameters };
}

function listPlan(query: ListQuery): ListPlan<OpportunityView> {
  return {
    definition: MarketingRoutes.listOpportunities.list,
    from: 'opportunity t',
    select: COLUMNS,
    columns: {
      code: 't.code',
      externalId: 't.external_id',
      status: 't.status',
      stage: 't.stage',
      source: 't.source',
      region: 't.region',
      customerId: 't.customer_id',
      assigneeId: 't.assignee_id',
      creatorId: 't.creator_id',
      customerName: 't.customer_name',
      successRate: 't.success_rate',
      currency: 't.currency',
      createdAt: 't.created_at',
      ...Object.fromEntries(Object.entries(WITHOUT).map(([field, { sorted }]) => [field, sorted])),
    },
    search: containsText('t.search_text'),
    searchCovers: ['customerName'],
    rollsUp: { region: 'region' },
    policy: opportunityPolicy,
    where: implied(query),
    view: opportunityView,
  };
}

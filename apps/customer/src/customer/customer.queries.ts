import { CrmError, CustomerRoutes, type Actor, type CustomerView, type DeletedCustomerView } from '#contracts';
import { containsText, readList, readSql, visibleTo, type ListPlan, type ListQuery, type Page } from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { anyTag, knownDay } from './customer-search.js';
import { byNumber } from '../merge/successors.js';
import { CustomerPolicy, DeletedCustomerPolicy } from './customer.policy.js';

/** Names of the columns as the view has them. */
const COLUMNS = `t.id, t.code, t.version, t.status, t.name, t.owner_id AS "ownerId", t.external_ref AS "externalRef", t.region, t.level,
  t.satisfaction, t.credit, t.industry, t.nature, t.type, t.phone, t.fax, t.address, t.postcode, t.website,
  t.business_licence AS "businessLicence", t.legal_representative AS "legalRepresentative",
  t.registered_capital AS "registeredCapital", t.annual_turnover AS "annualTurnover", t.bank, t.bank_account AS "bankAccount",
  t.local_tax_number AS "localTaxNumber", t.national_tax_number AS "nationalTaxNumber", t.tags, t.remarks,
  t.source_opportunity_id AS "sourceOpportunityId", t.last_order_date AS "lastOrderDate", t.created_at AS "createdAt"`;

const NEVER = `'-infinity'::date`;
const LAST_ORDER = `coalesce(t.last_order_date, ${NEVER})`;

/** Filters with an index in the order of the newest, the most selective first. */
const NEWEST = {
  ownerId: 't.owner_id',
  region: 't.region',
  level: 't.level',
  industry: 't.industry',
  nature: 't.nature',
  type: 't.type',
  satisfaction: 't.satisfaction',
  credit: 't.credit',
};

export function customerPlan({ conditions }: ListQuery): ListPlan<CustomerView> {
  const status = conditions.find(({ field }) => field === 'status');
  // The active ones, nearly all, stand in no index of the status.
  const isNotActive = status?.values.includes('active') === false;
  return {
    definition: CustomerRoutes.listCustomers.list,
    from: 'customer t',
    select: COLUMNS,
    columns: {
      status: 't.status',
      ownerId: 't.owner_id',
      region: 't.region',
      level: `coalesce(t.level, '')`,
      satisfaction: 't.satisfaction',
      credit: 't.credit',
      industry: 't.industry',
      nature: 't.nature',
      type: 't.type',
      externalRef: 't.external_ref',
      name: 't.name',
      code: 't.code',
      createdAt: 't.created_at',
      lastOrderDate: LAST_ORDER,
    },
    conditions: {
      code: byNumber,
      level: ({ values }, add) => `t.level IN (${values.map(add).join(', ')})`,
      tags: anyTag,
      lastOrderDate: knownDay('t.last_order_date', LAST_ORDER, `> ${NEVER}`),
      neverOrdered: ({ values }) => (values.length > 1 ? 'true' : `${LAST_ORDER} ${values[0] ? '=' : '>'} ${NEVER}`),
    },
    ordered: { createdAt: isNotActive ? { ...NEWEST, status: 't.status' } : NEWEST },
    unindexed: isNotActive ? [] : ['status'],
    search: containsText('t.search_text'),
    searchCovers: ['name'],
    rollsUp: { region: 'region' },
    policy: CustomerPolicy,
    ...(isNotActive && { where: { sql: `t.status <> 'active'`, parameters: [] } }),
  };
}

const DELETED: ListPlan<DeletedCustomerView> = {
  definition: CustomerRoutes.listDeletedCustomers.list,
  from: 'customer t',
  select: `${COLUMNS}, t.deleted_at AS "deletedAt"`,
  columns: { code: 't.code', externalRef: 't.external_ref', ownerId: 't.owner_id', deletedAt: 't.deleted_at' },
  search: containsText('t.search_text'),
  policy: DeletedCustomerPolicy,
};

/** Reads: SQL straight to views. */
@Injectable()
export class CustomerQueries {
  constructor(private readonly dataSource: DataSource) {}

  list(query: ListQuery, actor: Actor): Promise<Page<CustomerView>> {
    return readList(this.dataSource, customerPlan(query), query, actor);
  }

  deleted(query: ListQuery, actor: Actor): Promise<Page<DeletedCustomerView>> {
    return readList(this.dataSource, DELETED, query, actor);
  }

  async one(id: string, actor: Actor): Promise<CustomerView> {
    const parameters: unknown[] = [id];
    const visible = visibleTo(CustomerPolicy, actor, parameters);
    const read = (which: string) =>
      readSql<CustomerView>(
        this.dataSource.manager,
        `SELECT ${COLUMNS} FROM customer t WHERE t.id = ${which} AND ${visible}`,
        parameters,
      );
    // Nearly always the customer itself; one that was merged answers with its survivor.
    const [row] = await read('$1');
    const [found] = row ? [row] : await read('(SELECT survivor_id FROM customer WHERE id = $1)');
    if (!found) throw new CrmError('not-found');
    return found;
  }
}

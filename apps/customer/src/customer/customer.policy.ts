import { CrmError, type Actor } from '#contracts';
import { visibleTo, type RecordPolicy } from '#platform';
import { Customer } from './customer.entity.js';

/** Customer knowledge is shared on purpose; a role may narrow it to its own. */
const owned = 't.owner_id = :actor';

export const CustomerPolicy: RecordPolicy = {
  kind: 'customer',
  entity: Customer,
  table: 'customer',
  code: 'code',
  numbering: { sequence: 'customer_number', setting: 'CUSTOMER_CODE_FORMAT' },
  readRight: 'customer.read',
  alive: 't.deleted_at IS NULL',
  successor: 'survivor_id',
  owned,
};

/** What a restore looks for. No entity: `tx.load` stays with the living. */
export const DeletedCustomerPolicy: RecordPolicy = {
  kind: 'deleted-customer',
  table: 'customer',
  code: 'code',
  readRight: 'customer.read',
  alive: 't.deleted_at IS NOT NULL AND t.survivor_id IS NULL',
  successor: 'survivor_id',
  owned,
};

/** What a merge looks for: a merged customer is named as such instead of being taken for its survivor. */
export const MergeableCustomerPolicy: RecordPolicy = {
  kind: 'customer-or-merged',
  table: 'customer',
  code: 'code',
  readRight: 'customer.read',
  alive: '(t.deleted_at IS NULL OR t.survivor_id IS NOT NULL)',
  owned,
};

/** Lists of what hangs on customers, which join those as `c`: who sees the customer sees it. */
export const ofVisibleCustomers = (table: string): RecordPolicy => ({
  kind: table,
  table,
  readRight: 'customer.read',
  alive: 'c.deleted_at IS NULL',
  owned,
});

/** Anything that runs SQL: the data source for reads, a transaction for changes. */
interface Sql {
  query(sql: string, parameters: unknown[]): Promise<unknown>;
}

export async function isVisible(
  sql: Sql,
  actor: Actor,
  id: string,
  policy: RecordPolicy = CustomerPolicy,
): Promise<boolean> {
  const parameters: unknown[] = [id];
  const condition = visibleTo(policy, actor, parameters);
  const rows = await sql.query(`SELECT 1 FROM ${policy.table} t WHERE t.id = $1 AND ${condition}`, parameters);
  return Array.isArray(rows) && rows.length > 0;
}

/** For what hangs on a customer. @throws CrmError not-found when the person may not see the customer */
export async function requireVisible(sql: Sql, actor: Actor, id: string, policy?: RecordPolicy): Promise<void> {
  if (!(await isVisible(sql, actor, id, policy))) throw new CrmError('not-found');
}

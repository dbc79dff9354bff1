import { CrmError, type DuplicateGroup, MergeRoutes, type MergeView, type Actor } from '#contracts';
import {
  type ListPlan,
  type ListQuery,
  type Page,
  readList,
  readSql,
  type RecordPolicy,
  type Tx,
  visibleTo,
} from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CustomerPolicy } from '../customer/customer.policy.js';

/** What an undo names in its path. */
export const MergePolicy: RecordPolicy = {
  kind: 'customer-merge',
  table: 'customer_merge',
  readRight: 'customer.merge',
};

const FROM = 'customer_merge t JOIN customer m ON m.id = t.merged_id JOIN customer s ON s.id = t.into_id';
const SELECT = `t.id, t.merged_id AS "mergedId", m.code AS "mergedCode", m.name AS "mergedName", t.into_id AS "intoId", s.code AS "intoCode",
  s.name AS "intoName", t.merged_by AS "mergedBy", t.merged_at AS "mergedAt", t.undone_by AS "undoneBy", t.undone_at AS "undoneAt"`;

const MERGES: ListPlan<MergeView> = {
  definition: MergeRoutes.listMerges.list,
  from: FROM,
  select: SELECT,
  columns: { mergedId: 't.merged_id', intoId: 't.into_id', mergedAt: 't.merged_at' },
  policy: MergePolicy,
};

/** Of a group as large as nobody wants to read, the oldest. */
const MOST_SHOWN = 20;

/** Keys that several customers share: the index knows them, whatever the number of customers (ADR 18). */
const sharedKeys = (visible: string): ListPlan<DuplicateGroup> => ({
  definition: MergeRoutes.listDuplicates.list,
  from: '(SELECT DISTINCT key FROM customer_key WHERE again) t CROSS JOIN LATERAL (SELECT t.key) shared (key)',
  select: `t.key, (SELECT count(*)::int FROM customer_key k WHERE k.key = t.key) AS count,
    (SELECT json_agg(c ORDER BY c.id) FROM (
       SELECT t.id, t.code, CASE WHEN ${visible} THEN t.name END AS name, t.owner_id AS "ownerId", t.status, t.last_order_date AS "lastOrderDate"
         FROM customer_key k JOIN customer t ON t.id = k.customer_id WHERE k.key = shared.key ORDER BY k.customer_id LIMIT ${MOST_SHOWN}) c) AS customers`,
  columns: { key: 't.key' },
  id: 't.key',
  view: ({ key, count, customers }: Omit<DuplicateGroup, 'reason'>): DuplicateGroup => ({
    key,
    reason: key.startsWith('n:') ? 'name' : 'phone',
    count,
    customers: customers.map(({ name, ...customer }) => ({ ...customer, ...(name ? { name } : {}) })),
  }),
});

/** Reads: SQL straight to views. */
@Injectable()
export class MergeQueries {
  constructor(private readonly dataSource: DataSource) {}

  merges(query: ListQuery, actor: Actor): Promise<Page<MergeView>> {
    return readList(this.dataSource, MERGES, query, actor);
  }

  duplicates(query: ListQuery, actor: Actor): Promise<Page<DuplicateGroup>> {
    const parameters: unknown[] = [];
    const plan = sharedKeys(visibleTo(CustomerPolicy, actor, parameters));
    const sql = `EXISTS (SELECT FROM customer_key k WHERE k.key = t.key OFFSET 1)`;
    return readList(this.dataSource, { ...plan, where: { sql, parameters } }, query);
  }
}

/** One merge as its list shows it. @throws CrmError not-found */
export async function mergeView(tx: Tx, id: string): Promise<MergeView> {
  const [row] = await readSql<MergeView>(tx.manager, `SELECT ${SELECT} FROM ${FROM} WHERE t.id = $1`, [id]);
  if (!row) throw new CrmError('not-found');
  return row;
}

import { type Actor, CrmError, type DictionaryType, type ListDefinition } from '#contracts';
import type { DataSource } from 'typeorm';
import { withDescendants } from '../dictionary/descendants.js';
import { fold } from '../text/fold.js';
import { countRows, type Selection, type Total } from './list-count.js';
import { type Condition, encodeCursor, type ListQuery } from './list-query.js';
import { type RecordPolicy, visibleTo } from './record-policy.js';
import { runSql } from './sql.js';
import { sqlStateOf } from './sql-state.js';

/** How a list is read: names of the definition on the left, SQL on the alias `t` on the right. */
export interface ListPlan<V> {
  readonly definition: ListDefinition;
  readonly from: string;
  readonly select: string;
  /** Sort expressions must be NOT NULL. */
  readonly columns: Readonly<Record<string, string>>;
  /** Filters that are more than a comparison of their column. */
  readonly conditions?: Readonly<Record<string, (condition: Condition, add: (value: unknown) => string) => string>>;
  /** The tie-breaker, default `t.id`. */
  readonly id?: string;
  /** The condition for `q`; `add` takes a parameter and gives its placeholder, `folded` is `q` folded. */
  readonly search?: (folded: string, add: (value: unknown) => string) => string;
  /** Filters of the type `contains` whose texts are part of what `search` looks in, so that its index answers them too. */
  readonly searchCovers?: readonly string[];
  /** Filters that also find what lies below the value in the tree of its dictionary (DIC-4). */
  readonly rollsUp?: Readonly<Record<string, DictionaryType>>;
  readonly policy?: RecordPolicy;
  readonly where?: { readonly sql: string; readonly parameters: readonly unknown[] };
  readonly view: (row: never) => V;
}

export interface Page<V> extends Partial<Total> {
  items: V[];
  nextCursor: string | null;
}

type Row = Record<string, unknown>;
const placeOf = ({ $sort, $id }: Row) => ({ value: $sort, id: String($id) });
/** The paging's own columns are nobody else's business; what is undefined is not sent. Rows are large, a copy of each would show. */
const viewOf = <V>(plan: ListPlan<V>, row: Row): V => plan.view(Object.assign(row, NO_PLACE) as never);
const NO_PLACE = { $sort: undefined, $id: undefined };

/** One page by keyset: its cost does not grow with the page's number. */
export async function readList<V>(
  dataSource: DataSource,
  plan: ListPlan<V>,
  query: ListQuery,
  actor?: Actor,
): Promise<Page<V>> {
  const selection = await selectionOf(dataSource, plan, query, actor);
  const counted = query.count ? countRows(dataSource.manager, selection) : undefined;
  // Awaited below; when both queries fail, the page's error is the one that is told.
  counted?.catch(() => undefined);
  const rows = await readRows(dataSource, plan, query, selection, query.limit + 1);
  const more = rows.length > query.limit;
  const shown = more ? rows.slice(0, query.limit) : rows;
  const last = more ? placeOf(shown.at(-1)!) : undefined;
  return {
    items: shown.map((row) => viewOf(plan, row)),
    nextCursor: last ? encodeCursor(query.fingerprint, last.value, last.id) : null,
    ...(await counted),
  };
}

/** Rows that are read at once for a file. */
const CHUNK = 1000;

/**
 * All rows, one after the other, chunk by chunk as the consumer takes them: each is a statement of its own that goes on behind the
 * last row, so neither memory nor a transaction grows with the list. A row whose place in the order changes meanwhile may be missed
 * or come twice.
 */
export async function* readAll<V>(
  dataSource: DataSource,
  plan: ListPlan<V>,
  query: ListQuery,
  actor?: Actor,
): AsyncGenerator<V> {
  let after: ListQuery['after'];
  for (;;) {
    const selection = await selectionOf(dataSource, plan, query, actor);
    const rows = await readRows(dataSource, plan, { ...query, after }, selection, CHUNK);
    const last = rows.at(-1);
    if (!last) return;
    after = placeOf(last);
    for (const row of rows) yield viewOf(plan, row);
    if (rows.length < CHUNK) return;
  }
}

async function selectionOf<V>(
  dataSource: DataSource,
  plan: ListPlan<V>,
  query: ListQuery,
  actor?: Actor,
): Promise<Selection> {
  const parameters: unknown[] = [...(plan.where?.parameters ?? [])];
  const add = (value: unknown): string => `$${parameters.push(value)}`;
  const where = [plan.where?.sql ?? 'true'];
  const unscoped = parameters.length;
  if (plan.policy) where.push(visibleTo(plan.policy, actor, parameters));
  const scoped = parameters.length > unscoped;
  const conditions = await rolledUp(dataSource, query.conditions, plan.rollsUp);
  for (const condition of conditions) where.push(...conditionsOf(plan, condition, add));
  const folded = query.q === undefined ? '' : fold(query.q);
  if (folded && plan.search) where.push(`(${plan.search(folded, add)})`);
  const forAll = conditions.length === 0 && query.q === undefined && !scoped;
  return { sql: `FROM ${plan.from} WHERE ${where.join(' AND ')}`, parameters, forAll };
}

function conditionsOf<V>(plan: ListPlan<V>, condition: Condition, add: (value: unknown) => string): string[] {
  const { field, operator, values } = condition;
  const special = plan.conditions?.[field];
  if (special) return [`(${special(condition, add)})`];
  const column = plan.columns[field];
  if (!column) throw new Error(`The plan has no column for the filter ${field}`);
  if (operator === 'contains') {
    const folded = plan.search && plan.searchCovers?.includes(field) ? fold(String(values[0])) : '';
    const covered = folded ? [`(${plan.search!(folded, add)})`] : [];
    return [...covered, `${column} ILIKE ${add(`%${escapeLike(String(values[0]))}%`)}`];
  }
  if (operator !== 'in') return [`${column} ${operator} ${add(values[0])}`];
  if (values.length === 1) return [`${column} = ${add(values[0])}`];
  return [`${column} = ANY (${add(values)})`];
}

async function readRows<V>(
  dataSource: DataSource,
  plan: ListPlan<V>,
  { sort: by, descending, after }: ListQuery,
  { sql, parameters: selected, forAll }: Selection,
  limit: number,
): Promise<Row[]> {
  const id = plan.id ?? 't.id';
  const sort = plan.columns[by];
  if (!sort) throw new Error(`The plan has no column for the sort ${by}`);
  const parameters = [...selected];
  const add = (value: unknown): string => `$${parameters.push(value)}`;
  const behind = after ? ` AND (${sort}, ${id}) ${descending ? '<' : '>'} (${add(after.value)}, ${add(after.id)})` : '';
  const direction = descending ? 'DESC' : 'ASC';
  try {
    return await runSql(
      dataSource.manager,
      `SELECT ${plan.select}, (${sort})::text AS "$sort", (${id})::text AS "$id" ${sql}${behind}
        ORDER BY ${sort} ${direction}, ${id} ${direction} LIMIT ${limit}`,
      parameters,
      // A plan for all values could be a bad one for those that are asked for, or for a person who owns next to nothing.
      forAll,
    );
  } catch (error) {
    // A cursor that was edited by hand can hold a value of the wrong type.
    if (after && isDataException(error)) throw new CrmError('invalid-cursor');
    throw error;
  }
}

/** The values are looked up first, so that PostgreSQL plans the list for what is asked. */
async function rolledUp(
  dataSource: DataSource,
  conditions: readonly Condition[],
  rollsUp: Readonly<Record<string, DictionaryType>> = {},
): Promise<readonly Condition[]> {
  if (!conditions.some(({ field }) => field in rollsUp)) return conditions;
  return Promise.all(
    conditions.map(async (condition) => {
      const tree = rollsUp[condition.field];
      if (!tree || condition.operator !== 'in') return condition;
      return { ...condition, values: await withDescendants(dataSource.manager, tree, condition.values.map(String)) };
    }),
  );
}

const isDataException = (error: unknown): boolean => sqlStateOf(error)?.startsWith('22') ?? false;

/** For LIKE with the default escape character. */
export const escapeLike = (text: string): string => text.replace(/[\\%_]/g, (character) => `\\${character}`);

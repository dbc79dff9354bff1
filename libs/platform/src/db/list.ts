import { type Actor, CrmError, DEFAULT_PAGE, type DictionaryType, type ListDefinition } from '#contracts';
import type { DataSource } from 'typeorm';
import { withDescendants } from '../dictionary/descendants.js';
import { fold } from '../text/fold.js';
import { countRows, type Total } from './list-count.js';
import { type Condition, encodeCursor, type ListQuery } from './list-query.js';
import { type RecordPolicy, visibleTo } from './record-policy.js';
import { readSql } from './sql.js';
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
  /**
   * For each sort, the columns of filters that have an index of (column, sort, tie-breaker), the most selective first. Such an index is
   * ordered by, so that PostgreSQL does not look for one value along the order of all rows: where only the oldest have it, that is
   * nearly all of them.
   */
  readonly ordered?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Filters that no index answers: whatever is asked for by them, the way to the rows is the same. */
  readonly unindexed?: readonly string[];
  /** The condition for `q`; `add` takes a parameter and gives its placeholder, `folded` is `q` folded. */
  readonly search?: (folded: string, add: (value: unknown) => string) => string;
  /** Filters of the type `contains` whose texts are part of what `search` looks in, so that its index answers them too. */
  readonly searchCovers?: readonly string[];
  /** Filters that also find what lies below the value in the tree of its dictionary (DIC-4). */
  readonly rollsUp?: Readonly<Record<string, DictionaryType>>;
  readonly policy?: RecordPolicy;
  readonly where?: { readonly sql: string; readonly parameters: readonly unknown[] };
  /** What is shown of a row, whose instants are texts; all of it where this is not given. */
  readonly view?: (row: never) => V;
}

export interface Page<V> extends Partial<Total> {
  items: V[];
  nextCursor: string | null;
}

type Row = Record<string, unknown>;
const placeOf = ({ $sort, $id }: Row) => ({ value: $sort, id: String($id) });
/** The paging's own columns are nobody else's business; what is undefined is not sent. Rows are large, a copy of each would show. */
function viewOf<V>({ view }: ListPlan<V>, row: Row): V {
  const shown = Object.assign(row, NO_PLACE);
  return view ? view(shown as never) : (shown as V);
}
const NO_PLACE = { $sort: undefined, $id: undefined };

/** One page by keyset: its cost does not grow with the page's number. */
export async function readList<V>(
  dataSource: DataSource,
  plan: ListPlan<V>,
  asked: ListQuery,
  actor?: Actor,
): Promise<Page<V>> {
  const query = await rolledUp(dataSource, plan, asked);
  const counted = query.count ? countRows(dataSource.manager, selectionOf(plan, query, actor)) : undefined;
  // Awaited below; when both queries fail, the page's error is the one that is told.
  counted?.catch(() => undefined);
  const rows = await readRows(dataSource, plan, query, actor, query.limit + 1);
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
  asked: ListQuery,
  actor?: Actor,
): AsyncGenerator<V> {
  const query = await rolledUp(dataSource, plan, asked);
  let after: ListQuery['after'];
  for (;;) {
    const rows = await readRows(dataSource, plan, { ...query, after }, actor, CHUNK);
    const last = rows.at(-1);
    if (!last) return;
    after = placeOf(last);
    for (const row of rows) yield viewOf(plan, row);
    if (rows.length < CHUNK) return;
  }
}

async function readRows<V>(
  dataSource: DataSource,
  plan: ListPlan<V>,
  query: ListQuery,
  actor: Actor | undefined,
  limit: number,
): Promise<Row[]> {
  const { after, descending } = query;
  const sort = plan.columns[query.sort];
  if (!sort) throw new Error(`The plan has no column for the sort ${query.sort}`);
  const leading = leaderOf(plan, query);
  const { sql, parameters, leader, scoped } = selectionOf(plan, query, actor, leading);
  const add = (value: unknown): string => `$${parameters.push(value)}`;
  const id = plan.id ?? 't.id';
  const keys = [...(leader ? [leader.column] : []), sort, id];
  let behind = '';
  if (after) {
    const place = [...(leader ? [leader.value] : []), add(after.value), add(after.id)];
    behind = ` AND (${keys.join(', ')}) ${descending ? '<' : '>'} (${place.join(', ')})`;
  }
  try {
    return await readSql(
      dataSource.manager,
      `SELECT ${plan.select}, (${sort})::text AS "$sort", (${id})::text AS "$id" ${sql}${behind}
        ORDER BY ${keys.map((key) => `${key} ${descending ? 'DESC' : 'ASC'}`).join(', ')} LIMIT ${limit}`,
      parameters,
      isPrepared(plan, query, limit, leading) && !scoped,
    );
  } catch (error) {
    // A cursor that was edited by hand can hold a value of the wrong type.
    if (after && isDataException(error)) throw new CrmError('invalid-cursor');
    throw error;
  }
}

/**
 * One plan for all values could be a bad one for those that are asked for. Where only one index can lead to the rows there is no other,
 * and PostgreSQL need not read the statement anew each time; but of those only what people see first, because each text is kept.
 */
function isPrepared<V>(plan: ListPlan<V>, query: ListQuery, limit: number, leading?: Leader): boolean {
  if (query.q !== undefined) return false;
  if (query.conditions.length === 0) return true;
  const isFirstPage = !query.after && limit === DEFAULT_PAGE + 1;
  const byOneIndex = query.conditions.every(
    (each) => each === leading?.condition || plan.unindexed?.includes(each.field),
  );
  return isFirstPage && byOneIndex && plan.where === undefined;
}

/** The filter whose index gives the rows in the order of the list. */
function leaderOf<V>(plan: ListPlan<V>, { sort, conditions }: ListQuery): Leader | undefined {
  for (const [field, column] of Object.entries(plan.ordered?.[sort] ?? {})) {
    const condition = conditions.find((each) => each.field === field);
    if (condition?.operator === 'in' && condition.values.length === 1) return { condition, column };
  }
  return undefined;
}
interface Leader {
  readonly condition: Condition;
  readonly column: string;
}

/** The value of a leader stands in the SQL as a range of one, because "=" would take its column out of the order again. */
function selectionOf<V>(plan: ListPlan<V>, query: ListQuery, actor?: Actor, leading?: Leader) {
  const parameters: unknown[] = [...(plan.where?.parameters ?? [])];
  const add = (value: unknown): string => `$${parameters.push(value)}`;
  const where = [plan.where?.sql ?? 'true'];
  let leader: { readonly column: string; readonly value: string } | undefined;
  const unscoped = parameters.length;
  if (plan.policy) where.push(visibleTo(plan.policy, actor, parameters));
  const scoped = parameters.length > unscoped;
  for (const condition of query.conditions)
    if (condition === leading?.condition) {
      const { column } = leading;
      const value = add(condition.values[0]);
      leader = { column, value };
      // Behind a cursor the row's place is the other end; two there would hide it from the index.
      if (!query.after || query.descending) where.push(`${column} >= ${value}`);
      if (!query.after || !query.descending) where.push(`${column} <= ${value}`);
    } else where.push(...conditionsOf(plan, condition, add));
  const folded = query.q === undefined ? '' : fold(query.q);
  if (folded && plan.search) where.push(`(${plan.search(folded, add)})`);
  return { sql: `FROM ${plan.from} WHERE ${where.join(' AND ')}`, parameters, leader, scoped };
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

/** The values are looked up first, so that PostgreSQL plans the list for what is asked. */
async function rolledUp<V>(
  dataSource: DataSource,
  { rollsUp = {} }: ListPlan<V>,
  query: ListQuery,
): Promise<ListQuery> {
  if (!query.conditions.some(({ field }) => field in rollsUp)) return query;
  const conditions = await Promise.all(
    query.conditions.map(async (condition) => {
      const tree = rollsUp[condition.field];
      if (!tree || condition.operator !== 'in') return condition;
      return { ...condition, values: await withDescendants(dataSource.manager, tree, condition.values.map(String)) };
    }),
  );
  return { ...query, conditions };
}

const isDataException = (error: unknown): boolean => sqlStateOf(error)?.startsWith('22') ?? false;

/** For LIKE with the default escape character. */
export const escapeLike = (text: string): string => text.replace(/[\\%_]/g, (character) => `\\${character}`);

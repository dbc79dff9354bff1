import {
  type Actor,
  CrmError,
  DEFAULT_PAGE,
  type FieldError,
  type FilterType,
  type ListDefinition,
  MAX_PAGE,
  RANGE_OPERATORS,
} from '#contracts';
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { fold } from '../text/fold.js';
import { parseFilterValue } from './filter-value.js';
import { type RecordPolicy, visibleTo } from './record-policy.js';
import { runSql } from './sql.js';
import { sqlStateOf } from './sql-state.js';

interface Condition {
  readonly field: string;
  readonly operator: 'in' | 'contains' | '>=' | '>' | '<=' | '<';
  readonly values: readonly (string | number | boolean)[];
}

/** A list request after its check against the list's definition. */
export interface ListQuery {
  readonly conditions: readonly Condition[];
  readonly q?: string;
  readonly sort: string;
  readonly descending: boolean;
  readonly limit: number;
  readonly count: boolean;
  readonly after?: { readonly value: unknown; readonly id: string };
  /** Identifies list, sort and filters, so that a cursor of another list is refused. */
  readonly fingerprint: string;
}

/** How a list is read: names of the definition on the left, SQL on the alias `t` on the right. */
export interface ListPlan<V> {
  readonly definition: ListDefinition;
  readonly from: string;
  readonly select: string;
  /** Sort expressions must be NOT NULL. */
  readonly columns: Readonly<Record<string, string>>;
  /** The tie-breaker, default `t.id`. */
  readonly id?: string;
  /** The condition for `q`; `add` takes a parameter and gives its placeholder, `folded` is `q` folded. */
  readonly search?: (folded: string, add: (value: unknown) => string) => string;
  /** Filters of the type `contains` whose texts are part of what `search` looks in, so that its index answers them too. */
  readonly searchCovers?: readonly string[];
  readonly policy?: RecordPolicy;
  readonly where?: { readonly sql: string; readonly parameters: readonly unknown[] };
  readonly view: (row: never) => V;
}

const MAX_CONDITIONS = 50;
const MAX_VALUES = 200;
const isRange = (type: FilterType): boolean => ['int', 'number', 'money', 'date', 'instant'].includes(type);

/** Reads the query string of a list. Unknown names, bad values and foreign cursors are refused, naming the field. */
export function parseListQuery(
  definition: ListDefinition,
  raw: Readonly<Record<string, unknown>>,
  path: string,
): ListQuery {
  const errors: FieldError[] = [];
  const fail = (field: string, code: string, message: string) => void errors.push({ path: field, code, message });
  const conditions: Condition[] = [];
  const { limit = String(DEFAULT_PAGE), cursor, sort = definition.defaultSort, count = 'false', q, ...filters } = raw;

  const size = Number(limit);
  if (typeof limit !== 'string' || !/^\d{1,4}$/.test(limit) || size < 1 || size > MAX_PAGE)
    fail('limit', 'out_of_range', `1 to ${MAX_PAGE} · 1 至 ${MAX_PAGE}`);
  if (count !== 'true' && count !== 'false') fail('count', 'invalid_value', 'true or false · true 或 false');
  const descending = typeof sort === 'string' && sort.startsWith('-');
  const sortField = typeof sort === 'string' ? sort.replace(/^-/, '') : '';
  if (!definition.sorts.includes(sortField))
    fail(
      'sort',
      'invalid_value',
      `one of ${definition.sorts.join(', ')}, with - for descending · 可选 ${definition.sorts.join(', ')},降序加 -`,
    );
  if (q !== undefined && (!definition.search || typeof q !== 'string' || q.length > 100 || q.includes('\0')))
    fail(
      'q',
      'invalid_value',
      definition.search
        ? 'a text of at most 100 characters · 最多 100 个字符'
        : 'this list has no search · 此列表不支持搜索',
    );

  const entries = Object.entries(filters);
  if (entries.length > MAX_CONDITIONS)
    fail('', 'too_many', `at most ${MAX_CONDITIONS} filters · 最多 ${MAX_CONDITIONS} 个筛选条件`);
  else
    for (const [name, value] of entries) {
      const match = /^(\w+)(?:\[(gte|gt|lte|lt)\])?$/.exec(name);
      const field = match?.[1] ?? '';
      const type = Object.hasOwn(definition.filters, field) ? definition.filters[field] : undefined;
      const range = match?.[2] as keyof typeof RANGE_OPERATORS | undefined;
      if (!type || (range && !isRange(type))) {
        fail(
          name,
          'unknown_filter',
          `filters: ${Object.keys(definition.filters).join(', ')} · 可用筛选:${Object.keys(definition.filters).join(', ')}`,
        );
        continue;
      }
      if (typeof value !== 'string') {
        fail(name, 'repeated', 'give it once, several values with commas · 只能出现一次,多个值用逗号分隔');
        continue;
      }
      const parts = range || type === 'contains' ? [value] : value.split(',', MAX_VALUES + 1);
      const parsed = parts.map((part) => parseFilterValue(type, part));
      if (parts.length > MAX_VALUES) fail(name, 'too_many', `at most ${MAX_VALUES} values · 最多 ${MAX_VALUES} 个值`);
      else if (parsed.some((each) => each === undefined))
        fail(name, 'invalid_value', `not a valid ${type} · 不是有效的 ${type}`);
      else
        conditions.push({
          field,
          operator: range ? RANGE_OPERATORS[range] : type === 'contains' ? 'contains' : 'in',
          values: parsed as (string | number | boolean)[],
        });
    }
  if (errors.length > 0) throw new CrmError('validation-failed', {}, errors);

  const fingerprint = createHash('sha256')
    .update(JSON.stringify([path, sort, q, entries.sort()]))
    .digest('base64url')
    .slice(0, 16);
  return {
    conditions,
    q: q as string | undefined,
    sort: sortField,
    descending,
    limit: size,
    count: count === 'true',
    after: cursor === undefined ? undefined : decodeCursor(cursor, fingerprint),
    fingerprint,
  };
}

const encodeCursor = (fingerprint: string, value: unknown, id: string): string =>
  Buffer.from(JSON.stringify([fingerprint, value, id])).toString('base64url');

function decodeCursor(cursor: unknown, fingerprint: string): { value: unknown; id: string } {
  try {
    const [of, value, id] = JSON.parse(Buffer.from(String(cursor), 'base64url').toString()) as unknown[];
    if (
      of === fingerprint &&
      typeof id === 'string' &&
      ['string', 'number'].includes(typeof value) &&
      !`${String(value)}${id}`.includes('\0')
    )
      return { value, id };
  } catch {
    // Falls through to the refusal.
  }
  throw new CrmError('invalid-cursor');
}

export interface Page<V> {
  items: V[];
  nextCursor: string | null;
  total?: number;
}

/** One page by keyset: its cost does not grow with the page's number. */
export async function readList<V>(
  dataSource: DataSource,
  plan: ListPlan<V>,
  query: ListQuery,
  actor?: Actor,
): Promise<Page<V>> {
  const parameters: unknown[] = [...(plan.where?.parameters ?? [])];
  const add = (value: unknown): string => `$${parameters.push(value)}`;
  const where = [plan.where?.sql ?? 'true'];
  if (plan.policy) where.push(visibleTo(plan.policy, actor, parameters));
  for (const { field, operator, values } of query.conditions) {
    const column = plan.columns[field];
    if (!column) throw new Error(`The plan has no column for the filter ${field}`);
    if (operator === 'contains' && plan.search && plan.searchCovers?.includes(field)) {
      const folded = fold(String(values[0]));
      if (folded) where.push(`(${plan.search(folded, add)})`);
    }
    if (operator === 'contains') where.push(`${column} ILIKE ${add(`%${escapeLike(String(values[0]))}%`)}`);
    else if (operator !== 'in') where.push(`${column} ${operator} ${add(values[0])}`);
    else if (values.length === 1) where.push(`${column} = ${add(values[0])}`);
    else where.push(`${column} IN (${values.map(add).join(', ')})`);
  }
  if (query.q !== undefined && plan.search) {
    const folded = fold(query.q);
    if (folded) where.push(`(${plan.search(folded, add)})`);
  }
  const counted = query.count
    ? runSql<{ total: number }>(
        dataSource.manager,
        `SELECT count(*)::int AS total FROM ${plan.from} WHERE ${where.join(' AND ')}`,
        [...parameters],
        false,
      )
    : undefined;

  // Awaited below; when both queries fail, the page's error is the one that is told.
  counted?.catch(() => undefined);
  const id = plan.id ?? 't.id';
  const sort = plan.columns[query.sort];
  if (!sort) throw new Error(`The plan has no column for the sort ${query.sort}`);
  if (query.after)
    where.push(`(${sort}, ${id}) ${query.descending ? '<' : '>'} (${add(query.after.value)}, ${add(query.after.id)})`);
  const direction = query.descending ? 'DESC' : 'ASC';
  let rows: Array<Record<string, unknown>>;
  try {
    rows = await runSql(
      dataSource.manager,
      `SELECT ${plan.select}, (${sort})::text AS "$sort", (${id})::text AS "$id" FROM ${plan.from} WHERE ${where.join(' AND ')}
        ORDER BY ${sort} ${direction}, ${id} ${direction} LIMIT ${query.limit + 1}`,
      parameters,
      // A plan for all values could be a bad one for those that are asked for.
      query.conditions.length === 0 && query.q === undefined,
    );
  } catch (error) {
    // A cursor that was edited by hand can hold a value of the wrong type.
    if (query.after && isDataException(error)) throw new CrmError('invalid-cursor');
    throw error;
  }
  const more = rows.length > query.limit;
  const shown = more ? rows.slice(0, query.limit) : rows;
  const last = shown.at(-1);
  const nextCursor = more && last ? encodeCursor(query.fingerprint, last.$sort, String(last.$id)) : null;
  // The paging's own columns are nobody else's business; what is undefined is not sent. Rows are large, a copy of each would show.
  for (const row of shown) row.$sort = row.$id = undefined;
  const page: Page<V> = { items: shown.map((row) => plan.view(row as never)), nextCursor };
  const total = (await counted)?.[0]?.total;
  return total === undefined ? page : { ...page, total };
}

const isDataException = (error: unknown): boolean => sqlStateOf(error)?.startsWith('22') ?? false;

/** For LIKE with the default escape character. */
export const escapeLike = (text: string): string => text.replace(/[\\%_]/g, (character) => `\\${character}`);

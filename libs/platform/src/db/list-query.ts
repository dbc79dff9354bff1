import {
  CrmError,
  DEFAULT_PAGE,
  type FieldError,
  type FileFormat,
  type FilterType,
  type ListDefinition,
  MAX_PAGE,
  RANGE_OPERATORS,
  RANGED,
} from '#contracts';
import { createHash } from 'node:crypto';
import { parseFilterValue, wordsOf } from './filter-value.js';

export interface Condition {
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
  /** For lists that come as files: `codes` asks for one that an import takes. */
  readonly file?: { readonly format: FileFormat; readonly codes: boolean };
}

const MAX_CONDITIONS = 50;
const MAX_VALUES = 200;
const NOTHING: Readonly<Record<string, unknown>> = {};

const filterOf = ({ filters }: ListDefinition, field = ''): FilterType | undefined =>
  Object.hasOwn(filters, field) ? filters[field] : undefined;
const operatorsOf = (type: FilterType): string =>
  RANGED.includes(type)
    ? 'the operators here are [gte], [gt], [lte] and [lt] · 可用的运算符:[gte]、[gt]、[lte]、[lt]'
    : 'this filter has no operators · 此筛选不支持运算符';

/** Reads the query string of a list. Unknown names, bad values and foreign cursors are refused, naming the field. */
export function parseListQuery(
  definition: ListDefinition,
  raw: Readonly<Record<string, unknown>>,
  path: string,
): ListQuery {
  const errors: FieldError[] = [];
  const fail = (field: string, code: string, message: string) => void errors.push({ path: field, code, message });
  const conditions: Condition[] = [];
  const { sort = definition.defaultSort, q, ...others } = raw;
  // A file has no pages, and what comes in pages is no file.
  const [paging, file] = definition.formats ? [NOTHING, others] : [others, NOTHING];
  const { limit = String(DEFAULT_PAGE), cursor, count = 'false', ...ofPages } = paging;
  const { format = 'csv', codes = 'false', ...ofFile } = file;
  const filters = { ...ofPages, ...ofFile };

  const size = Number(limit);
  if (typeof limit !== 'string' || !/^\d{1,4}$/.test(limit) || size < 1 || size > MAX_PAGE)
    fail('limit', 'out_of_range', `1 to ${MAX_PAGE} · 1 至 ${MAX_PAGE}`);
  for (const [name, value] of Object.entries({ count, codes }))
    if (value !== 'true' && value !== 'false') fail(name, 'invalid_value', wordsOf('boolean'));
  if (definition.formats && !definition.formats.some((each) => each === format))
    fail('format', 'invalid_value', wordsOf(definition.formats));
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
      const type = filterOf(definition, field);
      const range = match?.[2] as keyof typeof RANGE_OPERATORS | undefined;
      if (!type || (range && !RANGED.includes(type))) {
        const named = type ?? filterOf(definition, /^\w+/.exec(name)?.[0]);
        const offered = Object.keys(definition.filters).join(', ');
        fail(name, 'unknown_filter', named ? operatorsOf(named) : `filters: ${offered} · 可用筛选:${offered}`);
        continue;
      }
      if (typeof value !== 'string') {
        fail(name, 'repeated', 'give it once, several values with commas · 只能出现一次,多个值用逗号分隔');
        continue;
      }
      const parts = range || type === 'contains' ? [value] : value.split(',', MAX_VALUES + 1);
      const parsed = parts.map((part) => parseFilterValue(type, part));
      if (parts.length > MAX_VALUES) fail(name, 'too_many', `at most ${MAX_VALUES} values · 最多 ${MAX_VALUES} 个值`);
      else if (parsed.some((each) => each === undefined)) fail(name, 'invalid_value', wordsOf(type));
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
    file: definition.formats && { format: format as FileFormat, codes: codes === 'true' },
  };
}

export const encodeCursor = (fingerprint: string, value: unknown, id: string): string =>
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

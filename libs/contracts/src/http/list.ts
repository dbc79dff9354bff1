/** How a filter's value is read. */
export type ValueType = 'code' | 'id' | 'contains' | 'int' | 'number' | 'money' | 'date' | 'instant' | 'boolean';
/** A closed set is named by its values. */
export type FilterType = ValueType | readonly string[];

/** These have ranges, too: `field[gte]`, `[gt]`, `[lte]`, `[lt]`. */
export const RANGED: readonly FilterType[] = ['int', 'number', 'money', 'date', 'instant'];

/** What a list can be filtered and sorted by; names are those of the view's fields. */
export interface ListDefinition {
  readonly filters: Readonly<Record<string, FilterType>>;
  /** Every sort has the id as tie-breaker; a leading `-` in the request turns it around. */
  readonly sorts: readonly string[];
  readonly defaultSort: string;
  /** Whether `q` (literal containment) is offered. */
  readonly search?: boolean;
  /** The list comes whole, as a file in one of these formats (`format=`), not in pages. */
  readonly formats?: readonly FileFormat[];
}

export const FILE_FORMATS = ['csv', 'xlsx'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export const RANGE_OPERATORS = { gte: '>=', gt: '>', lte: '<=', lt: '<' } as const;
export const MAX_PAGE = 200;
export const DEFAULT_PAGE = 50;

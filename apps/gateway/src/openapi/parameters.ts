import {
  DEFAULT_PAGE,
  type FileFormat,
  type FilterType,
  type ListDefinition,
  MAX_PAGE,
  RANGE_OPERATORS,
  RANGED,
  type ServiceRoute,
  type ValueType,
} from '#contracts';
import type { JsonSchema, SchemaCatalogue } from './schemas.js';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly style?: 'form';
  readonly explode?: boolean;
  readonly schema: JsonSchema;
}

const VALUE_SCHEMA: Record<ValueType, JsonSchema> = {
  code: { type: 'string' },
  id: { type: 'string', format: 'uuid' },
  contains: { type: 'string' },
  int: { type: 'integer' },
  number: { type: 'number' },
  money: { type: 'string', examples: ['1234.50'] },
  date: { type: 'string', format: 'date' },
  instant: { type: 'string', format: 'date-time' },
  boolean: { type: 'boolean' },
};
const isListed = (type: FilterType): boolean => typeof type !== 'string' || ['code', 'id'].includes(type);

const query = (name: string, schema: JsonSchema, description?: string): Parameter => ({
  name,
  in: 'query',
  ...(description ? { description } : {}),
  schema,
});

export function pathParameters({ path, record }: ServiceRoute): Parameter[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name: name!,
    in: 'path',
    required: true,
    description: record && name === 'id' ? 'The id (UUID), or the code that people see' : undefined,
    schema: { type: 'string' },
  }));
}

export function queryParameters(route: ServiceRoute, schemas: SchemaCatalogue): Parameter[] {
  if (route.list) return listParameters(route.list);
  if (!route.query) return [];
  const { properties = {}, required = [] } = schemas.input(route.query) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    ...query(name, schema),
    ...(required.includes(name) ? { required: true } : {}),
  }));
}

function listParameters(list: ListDefinition): Parameter[] {
  const sorts = list.sorts.flatMap((field) => [field, `-${field}`]);
  return [
    ...Object.entries(list.filters).flatMap(([field, type]) => filterParameters(field, type)),
    ...(list.search
      ? [query('q', { type: 'string' }, 'Literal containment; case, width, spaces and hyphens do not count')]
      : []),
    query('sort', { type: 'string', enum: sorts, default: list.defaultSort }, 'A leading "-" turns the order around'),
    ...(list.formats ? fileParameters(list.formats) : pageParameters),
  ];
}

const pageParameters: readonly Parameter[] = [
  query('limit', { type: 'integer', minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE }),
  query('cursor', { type: 'string' }, 'nextCursor of the page before'),
  query('count', { type: 'boolean', default: false }, 'Whether the answer shall hold the total'),
];
const fileParameters = (formats: readonly FileFormat[]): Parameter[] => [
  query('format', { type: 'string', enum: formats, default: 'csv' }),
  query(
    'codes',
    { type: 'boolean', default: false },
    'Names of fields and dictionary codes, as an import takes them, instead of headings and labels in a language',
  ),
];

function filterParameters(field: string, type: FilterType): Parameter[] {
  const schema: JsonSchema = typeof type === 'string' ? VALUE_SCHEMA[type] : { type: 'string', enum: type };
  const equal: Parameter = isListed(type)
    ? { ...query(field, { type: 'array', items: schema }, 'Any of these, with commas'), style: 'form', explode: false }
    : query(field, schema, type === 'contains' ? 'Contains this text' : undefined);
  const ranges = RANGED.includes(type)
    ? Object.entries(RANGE_OPERATORS).map(([operator, sign]) =>
        query(`${field}[${operator}]`, schema, `${field} ${sign} this`),
      )
    : [];
  return [equal, ...ranges];
}

/** `If-Match` is honoured where one record changes, `Idempotency-Key` on each change that is not about secrets. */
export function headerParameters(route: ServiceRoute): Parameter[] {
  return [
    ...(takesIdempotencyKey(route)
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header' as const,
            description: 'The same key with the same body gives the first answer and acts once',
            schema: { type: 'string', maxLength: 255 },
          },
        ]
      : []),
    ...(takesIfMatch(route)
      ? [
          {
            name: 'If-Match',
            in: 'header' as const,
            description: 'ETag of the version that was read; 412 when somebody saved in between',
            schema: { type: 'string', examples: ['"3"'] },
          },
        ]
      : []),
  ];
}

export const takesIdempotencyKey = ({ method, path, secret }: ServiceRoute): boolean =>
  method !== 'GET' && !secret && !path.startsWith('/auth/');
/** A dead letter has no versions, and a look ahead changes nothing. */
export const takesIfMatch = ({ method, path, record }: ServiceRoute): boolean =>
  method !== 'GET' &&
  record !== undefined &&
  record !== 'dead-letter' &&
  path.includes(':') &&
  !path.endsWith('-preview');

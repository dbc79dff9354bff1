import { z } from 'zod';

/** A JSON schema as far as the values that do not fit it need it. */
export interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly example?: unknown;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
}

export const schemaOf = (type: z.ZodType): Schema =>
  z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as Schema;

/** Without the null that may stand beside it. */
export function bare(schema: Schema): { schema: Schema; nullable: boolean } {
  const others = schema.anyOf?.filter(({ type }) => type !== 'null') ?? [];
  const nullable = schema.anyOf !== undefined && others.length < schema.anyOf.length;
  return others.length === 1 ? { schema: others[0]!, nullable } : { schema, nullable };
}

/** JSON has numbers that no number holds; `toJson` writes this for one. */
const BEYOND = '<1e400>';
export const toJson = (value: unknown): string => JSON.stringify(value).replaceAll(`"${BEYOND}"`, '1e400');

const NOT_STORABLE = ['a\u0000b', 'a\ud800b', '\udc00'];
const BY_FORMAT: Readonly<Record<string, readonly string[]>> = {
  date: ['2026-02-30', '2026-13-01', '20260101', '0000-01-01', '2026-01-01T00:00:00Z'],
  'date-time': ['2026-02-30T00:00:00Z', '2026-01-01', 'yesterday', '2026-01-01T25:00:00Z'],
  uuid: ['1', 'x'.repeat(36), '01900000-0000-7000-8000-00000000000g'],
  email: ['a', 'a@', '@b.cn', `${'a'.repeat(250)}@example.com`],
};
const NO_AMOUNTS = ['1e400', 'NaN', 'Infinity', '-1', '1,5', '１２', '0x10', ' 1', '', '👍', '\u202e1'];

/** Values that must be refused. None for what takes anything. */
export function wrongValues(given: Schema): unknown[] {
  const { schema, nullable } = bare(given);
  const nothing = nullable ? [] : [null];
  if (schema.enum ?? schema.const) return ['no-such-value', 5, true, [], {}, '__proto__', ...nothing];
  switch (schema.type) {
    case 'string':
      return [5, true, {}, ['x'], ...NOT_STORABLE, ...nothing, ...wrongTexts(schema)];
    case 'integer':
    case 'number':
      return ['5', 'NaN', true, [], {}, BEYOND, ...nothing, ...wrongNumbers(schema)];
    case 'boolean':
      return ['true', 'false', 0, 1, [], {}, ...nothing];
    case 'array':
      return ['x', 5, true, {}, ...nothing, ...wrongArrays(schema)];
    case 'object':
      return ['x', 5, true, [], ...nothing, ...(schema.properties ? wrongObjects(schema) : [])];
    default:
      return [];
  }
}

function wrongTexts({ format, pattern, maxLength }: Schema): string[] {
  const fits = pattern === undefined ? undefined : new RegExp(pattern, 'u');
  return [
    ...(BY_FORMAT[format ?? ''] ?? []),
    ...(maxLength === undefined ? [] : ['长'.repeat(maxLength + 1), 'x'.repeat(maxLength + 10_000)]),
    ...(fits ? NO_AMOUNTS.filter((text) => !fits.test(text)) : []),
  ];
}

function wrongNumbers({ type, minimum, exclusiveMinimum, maximum }: Schema): unknown[] {
  return [
    ...(type === 'integer' ? [1.5, 1e21] : []),
    ...(minimum === undefined ? [] : [minimum - 1]),
    ...(exclusiveMinimum === undefined ? [] : [exclusiveMinimum]),
    ...(maximum === undefined ? [] : [maximum + 1]),
  ].filter((value) => Number.isSafeInteger(value) || !Number.isInteger(value) || type === 'integer');
}

function wrongArrays({ items = {}, minItems = 0, maxItems }: Schema): unknown[][] {
  const elements = wrongValues(items).map((value) => [value]);
  const some = sample('', items);
  return [
    ...elements,
    ...(minItems > 0 ? [[]] : []),
    ...(maxItems === undefined ? [] : [Array.from({ length: maxItems + 1 }, () => some)]),
  ];
}

/** Each has a wrong value in every one of its fields. */
export function wrongObjects({ properties = {} }: Schema): Record<string, unknown>[] {
  const wrong = Object.entries(properties).map(([name, schema]) => [name, wrongValues(schema)] as const);
  const rounds = Math.max(0, ...wrong.map(([, values]) => values.length));
  const choosy = wrong.filter(([, values]) => values.length > 0);
  return Array.from({ length: choosy.length > 0 ? rounds : 0 }, (_, round) =>
    Object.fromEntries(choosy.map(([name, values]) => [name, values[round % values.length]])),
  );
}

/** Texts that a field of free text has to keep as they are. */
export const ODD_TEXTS: readonly ((max: number) => string)[] = [
  (max) => [...'👩‍👩‍👧 𠮷野家 \u200fשלום\u202e ﷽ é\u0301 Ａ…'].slice(0, max).join(''),
  (max) => '𠮷'.repeat(max),
  (max) => " ' OR 1=1; -- <script>".slice(0, max),
  (max) => '=HYPERLINK("a")\t\n%_\\'.slice(0, max),
  (max) => '__proto__'.slice(0, max),
];
export const isFreeText = (given: Schema): boolean => {
  const { type, enum: values, format, pattern } = bare(given).schema;
  return type === 'string' && !values && !format && !pattern;
};

/** The ends of what a number may be, and where a column may end before. */
export function oddNumbers(given: Schema): number[] {
  const { type, minimum, maximum } = bare(given).schema;
  if (type !== 'integer' && type !== 'number') return [];
  const ends = [minimum, maximum].filter((end) => end !== undefined);
  return [...new Set([...ends, 0, 2 ** 31 - 1, 2 ** 31, ...(type === 'number' ? [0.1 + 0.2, 1e-7, -0] : [])])];
}

/** A value that fits; what only the domain knows comes from `known`, by the field's name. */
export function sample(name: string, given: Schema, known: Readonly<Record<string, unknown>> = {}): unknown {
  if (Object.hasOwn(known, name)) return known[name];
  const { schema } = bare(given);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.example !== undefined) return schema.example;
  switch (schema.type) {
    case 'string':
      return sampleText(schema);
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, (schema.exclusiveMinimum ?? 0) + 1, 1);
    case 'boolean':
      return true;
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => sample(name, schema.items ?? {}, known));
    case 'object':
      return sampleObject(schema, known);
    default:
      return schema.anyOf ? sample(name, schema.anyOf[0]!, known) : 'x';
  }
}

/** What has to be there, and whose it is. */
export function sampleObject({ properties = {}, required = [] }: Schema, known: Readonly<Record<string, unknown>>) {
  const given = Object.keys(properties).filter(
    (name) => required.includes(name) || (name.endsWith('Id') && name in known),
  );
  return Object.fromEntries(given.map((name) => [name, sample(name, properties[name]!, known)]));
}

function sampleText({ format, pattern, minLength = 1 }: Schema): string {
  if (format === 'date') return '2026-01-15';
  if (format === 'date-time') return '2026-01-15T00:00:00Z';
  if (format === 'uuid') return '01900000-0000-7000-8000-000000000000';
  if (format === 'email') return 'somebody@example.com';
  const candidates = ['Sample text', 'sample', '010-5551234', '10.00', 'CNY', 'a'.repeat(minLength)];
  return candidates.find((text) => !pattern || new RegExp(pattern, 'u').test(text)) ?? candidates[0]!;
}

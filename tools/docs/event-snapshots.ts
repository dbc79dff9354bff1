import { type EventDefinition, TOPOLOGY } from '#contracts';
import { breakingChanges } from './event-compatibility.js';
import { type JsonSchema, publishedSchema } from './json-schema.js';

/** What was promised of one version of an event: the schema of its data, and an event from the day it was new. */
export interface EventSnapshot {
  readonly type: string;
  readonly description: string;
  readonly schema: JsonSchema;
  readonly example: unknown;
}

export const snapshotPath = (event: EventDefinition): string => `libs/contracts/golden/${event.type}.json`;

/**
 * The snapshots as they shall be now; the example of a known event stays as it was.
 * @throws Error with one line per change that EVT-6 forbids
 */
export function eventSnapshots(read: (path: string) => string | undefined): Array<[path: string, EventSnapshot]> {
  const forbidden: string[] = [];
  const snapshots = TOPOLOGY.map(({ event }): [string, EventSnapshot] => {
    const path = snapshotPath(event);
    const schema = publishedSchema(event.data);
    const stored = read(path);
    const known = stored === undefined ? undefined : (JSON.parse(stored) as EventSnapshot);
    if (known) forbidden.push(...breakingChanges(known.schema, schema).map((change) => `${event.type} ${change}`));
    const example = known ? known.example : exampleOf(schema);
    return [path, { type: event.type, description: event.description, schema, example }];
  });
  if (forbidden.length > 0)
    throw new Error(`Within a version fields are only added; publish a new one beside it:\n${forbidden.join('\n')}`);
  return snapshots;
}

const FORMATS: Record<string, string> = {
  uuid: '01890a5d-ac96-774b-bcce-b302099a8057',
  date: '2026-01-31',
  'date-time': '2026-01-31T08:30:00.000Z',
};
/** Fields whose schema does not tell what is in them. */
const FIELDS: Record<string, string> = {
  amount: '1234.50',
  currency: 'CNY',
  expectedAmount: '1234.50',
  price: '1234.50',
  total: '1234.50',
};

/** A value that the schema allows, every field filled. */
export function exampleOf(schema: JsonSchema, field = ''): unknown {
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0] as unknown;
  if (Array.isArray(schema.anyOf)) return exampleOf(schema.anyOf[0] as JsonSchema, field);
  const { minimum = 0, maximum = Infinity } = schema as { minimum?: number; maximum?: number };
  switch ([schema.type].flat()[0]) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, exampleOf(inner as JsonSchema, name)]),
      );
    case 'array':
      return [exampleOf(schema.items as JsonSchema, field)];
    case 'integer':
    case 'number':
      return Math.min(Math.max(1, minimum), maximum);
    case 'boolean':
      return true;
    case 'string':
      return FORMATS[schema.format as string] ?? FIELDS[field] ?? 'text';
    default:
      return null;
  }
}

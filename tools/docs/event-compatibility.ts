import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from './json-schema.js';

/** Keywords that tell people something and refuse nothing. */
const REMARKS = new Set(['title', 'description', 'example', 'examples']);

/**
 * What would break a reader of an event when its data changes from `before` to `after`: EVT-6 allows new optional
 * fields and nothing else, because the stream holds old events that new readers must take, and old readers go on.
 * @returns one line per breaking change, with the path of the field
 */
export function breakingChanges(before: JsonSchema, after: JsonSchema, path = 'data'): string[] {
  const keywords = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !REMARKS.has(name));
  return keywords.flatMap((keyword) => {
    const [old, now] = [before[keyword], after[keyword]];
    if (keyword === 'properties' && isSchema(old) && isSchema(now)) return brokenFields(before, after, path);
    if (keyword === 'required') return brokenRequired(before, after, path);
    if (isSchema(old) && isSchema(now)) return breakingChanges(old, now, `${path}.${keyword}`);
    if (isSchemas(old) && isSchemas(now) && old.length === now.length) {
      return old.flatMap((schema, index) => breakingChanges(schema, now[index]!, path));
    }
    return isDeepStrictEqual(old, now) ? [] : [`${path}: ${keyword} changed`];
  });
}

function brokenFields(before: JsonSchema, after: JsonSchema, path: string): string[] {
  const now = after.properties as Record<string, JsonSchema>;
  return Object.entries(before.properties as Record<string, JsonSchema>).flatMap(([field, schema]) => {
    const current = now[field];
    return current ? breakingChanges(schema, current, `${path}.${field}`) : [`${path}.${field}: removed`];
  });
}

function brokenRequired(before: JsonSchema, after: JsonSchema, path: string): string[] {
  const [old, now] = [before, after].map(({ required }) => new Set(required as string[] | undefined)) as [
    Set<string>,
    Set<string>,
  ];
  const gone = [...old].filter((field) => !now.has(field) && hasField(after, field));
  const added = [...now].filter((field) => !old.has(field));
  return [
    ...gone.map((field) => `${path}.${field}: no longer always there`),
    ...added.map(
      (field) => `${path}.${field}: ${hasField(before, field) ? 'now required' : 'a new field must be optional'}`,
    ),
  ];
}

const hasField = ({ properties }: JsonSchema, field: string): boolean => isSchema(properties) && field in properties;
const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isSchemas = (value: unknown): value is JsonSchema[] => Array.isArray(value) && value.every(isSchema);

import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ROUTES } from '#contracts';

type JsonSchema = Record<string, unknown>;

/** Formats whose texts have a length of their own. */
const SHORT = new Set(['date', 'date-time', 'uuid']);
const isUnbounded = (pattern: string): boolean => /(?<!\\)[*+]|\{\d+,\}/.test(pattern);

/** The texts of a schema that may have any length, by their path. */
function endless(schema: unknown, path: string): string[] {
  if (Array.isArray(schema)) return schema.flatMap((part) => endless(part, path));
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, maxLength, enum: values, const: value, format, pattern, ...rest } = schema as JsonSchema;
  const bounded =
    maxLength !== undefined ||
    values !== undefined ||
    value !== undefined ||
    SHORT.has(format as string) ||
    (typeof pattern === 'string' && format === undefined && !isUnbounded(pattern));
  return [
    ...(type === 'string' && !bounded ? [path] : []),
    ...Object.entries(rest).flatMap(([key, part]) => endless(part, `${path}.${key}`)),
  ];
}

describe('ALL-1: every text that a client may send has a documented maximum', () => {
  const bodies = ROUTES.filter(({ body }) => body);

  it('there are bodies to look at', () => {
    expect(bodies.length).toBeGreaterThan(30);
    expect(endless(z.toJSONSchema(z.object({ a: z.array(z.string()), b: z.email() })), 'x')).toHaveLength(2);
  });

  it.each(bodies.map((route) => [route.method, route.path, route.body!] as const))('%s %s', (_method, path, body) => {
    expect(endless(z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }), path)).toEqual([]);
  });
});

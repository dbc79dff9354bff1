import { isDeepStrictEqual } from 'node:util';

export type Differences = Record<string, { from: unknown; to: unknown }>;

/** The fields of `changes` that are not so already; undefined leaves one as it is. */
export function differences<T extends object>(record: T, changes: { readonly [K in keyof T]?: unknown }): Differences {
  const found: Differences = {};
  for (const field of Object.keys(changes) as Extract<keyof T, string>[]) {
    const [from, to] = [record[field], changes[field]];
    if (to !== undefined && !isDeepStrictEqual(from, to)) found[field] = { from, to };
  }
  return found;
}

/** What is applied to the record. */
export const newValues = (changed: Differences): object =>
  Object.fromEntries(Object.entries(changed).map(([field, { to }]) => [field, to]));

import type { Bilingual, FeedResult } from '#contracts';
import { bilingualErrors, type Tx } from '#platform';
import Big from 'big.js';
import { createHash } from 'node:crypto';
import { v7 } from 'uuid';
import type { z } from 'zod';
import { comparableVersion } from './feed-version.js';

/** Characters of a rejected item that are kept; of a larger one the beginning. */
const MOST_KEPT = 20_000;

export type FeedRecord = 'product' | 'stock' | 'order';

/** An item of the sales system that is fit to be stored. */
type Fed<T> = T & { readonly id: string; readonly comparable: string };

interface Rejection {
  readonly key: string | null;
  readonly reason: Bilingual;
  readonly item: unknown;
}

interface Sorted<T> {
  /** One per key, the newest, in the order of the keys so that batches side by side lock in one order. */
  readonly newest: Fed<T>[];
  readonly valid: number;
  readonly rejections: Rejection[];
}

/** Checks items one by one; `problem` names what the schema cannot see. */
export function sortItems<T extends { key: string; version: number | string }>(
  schema: z.ZodType<T>,
  items: readonly unknown[],
  problem: (item: T) => Bilingual | undefined = () => undefined,
): Sorted<T> {
  const newest = new Map<string, Fed<T>>();
  const rejections: Rejection[] = [];
  for (const item of items) {
    const parsed = schema.safeParse(item);
    const reason = parsed.success ? problem(parsed.data) : misfit(schema, item);
    if (reason !== undefined || !parsed.success) {
      rejections.push({ key: keyOf(item), reason: reason!, item });
      continue;
    }
    const fed = { ...parsed.data, id: v7(), comparable: comparableVersion(parsed.data.version) };
    const before = newest.get(fed.key);
    if (!before || new Big(fed.comparable).gt(before.comparable)) newest.set(fed.key, fed);
  }
  const ordered = [...newest.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  return { newest: ordered, valid: items.length - rejections.length, rejections };
}

/** FEED-3: what cannot go in is kept with its reason; the same item again is one row. */
export async function keepRejections(tx: Tx, kind: FeedRecord, rejections: readonly Rejection[]): Promise<void> {
  const rows = new Map<string, object>();
  for (const { key, reason, item } of rejections) {
    // A string in a string: PostgreSQL must not look into an item that it may be unable to read.
    const whole = JSON.stringify(item) ?? 'null';
    const digest = createHash('sha256').update(whole).digest('hex');
    const text =
      whole.length <= MOST_KEPT
        ? whole
        : JSON.stringify({ beginning: storable(whole.slice(0, MOST_KEPT)), length: whole.length });
    rows.set(digest, { id: v7(), key, en: storable(reason.en), zh: storable(reason.zh), digest, item: text });
  }
  if (rows.size === 0) return;
  const each = <K extends string>(name: K): unknown[] =>
    [...rows.values()].map((row) => (row as Record<K, unknown>)[name]);
  await tx.query(
    `INSERT INTO feed_rejection (id, kind, key, reason, reason_zh, digest, item)
     SELECT r.id, $1, r.key, r.en, r.zh, r.digest, r.item::json
       FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) AS r(id, key, en, zh, digest, item)
      ORDER BY r.digest
     ON CONFLICT ON CONSTRAINT feed_rejection_item
     DO UPDATE SET reason = excluded.reason, reason_zh = excluded.reason_zh, rejected_at = now()`,
    [kind, each('id'), each('key'), each('en'), each('zh'), each('digest'), each('item')],
  );
}

export function feedResult(tx: Tx, changed: number, { valid, rejections }: Sorted<unknown>): FeedResult {
  const { language } = tx.context;
  return {
    accepted: changed,
    unchanged: valid - changed,
    rejected: rejections.map(({ key, reason }) => ({ key, reason: reason[language] })),
  };
}

const storable = (text: string): string => text.replace(/\0|\p{Cs}/gu, '\ufffd');

function keyOf(item: unknown): string | null {
  const key: unknown = typeof item === 'object' && item !== null ? (item as { key?: unknown }).key : undefined;
  return typeof key === 'string' ? storable(key).slice(0, 100) : null;
}

const MOST_ERRORS = 10;

/** In both languages: it is kept for whoever looks later. */
function misfit(schema: z.ZodType, item: unknown): Bilingual {
  const errors = bilingualErrors(schema, item).slice(0, MOST_ERRORS);
  const told = (language: keyof Bilingual) =>
    errors.map(({ field, message }) => [field, message[language]].filter(Boolean).join(': ')).join('; ');
  return { en: told('en'), zh: told('zh') };
}

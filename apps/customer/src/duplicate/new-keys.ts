import { copyRows, type Tx } from '#platform';
import { MOST_NAMED } from './known-keys.js';

interface New {
  readonly id: string;
  readonly code: string;
  readonly keys: readonly string[];
}

/**
 * Notes the keys of customers that this transaction has made, as many as an import brings, and says who is likely the same: the codes of
 * the living who share one of the keys, and of those made with them. Copies may be begun after it; wait for all of them before anything else.
 */
export async function noteNewKeys(tx: Tx, made: readonly New[]): Promise<Map<string, Set<string>>> {
  const each = made.flatMap(({ id, code, keys }) => keys.map((key) => ({ id, code, key })));
  const byKey = groups(each);
  const known = await tx.query<{ key: string; code: string }>(
    `SELECT m.key, c.code FROM unnest($1::text[]) AS m (key)
      CROSS JOIN LATERAL (SELECT customer_id FROM customer_key k WHERE k.key = m.key ORDER BY customer_id LIMIT ${MOST_NAMED}) AS k
       JOIN customer c ON c.id = k.customer_id`,
    [[...byKey.keys()]],
  );
  const others = groups(known);
  const rows: [key: string, id: string, again: boolean][] = [];
  const duplicates = new Map<string, Set<string>>();
  for (const [key, sharing] of byKey) {
    const before = others.get(key) ?? [];
    for (const [place, { id }] of sharing.entries()) rows.push([key, id, place > 0 || before.length > 0]);
    const named = [...before, ...sharing].slice(0, MOST_NAMED + 1).map(({ code }) => code);
    if (named.length < 2) continue;
    for (const { id, code } of sharing) {
      const same = duplicates.get(id) ?? new Set();
      for (const other of named) if (other !== code) same.add(other);
      duplicates.set(id, same);
    }
  }
  await copyRows(tx.manager, 'customer_key', ['key', 'customer_id', 'again'], rows);
  return duplicates;
}

/**
 * Who gives a customer one of these keys by an edit while they are noted, and `noteNewKeys`, do not see each other: the keys of a chunk
 * are too many to lock. Then a key has two customers that are not there `again`; the later one becomes so. `noteKeys` leaves which keys
 * that can be. Call it in a chunk that keeps others of imports out, when the edits of an import's time have ended.
 */
export const settleEditedKeys = (tx: Tx) =>
  tx.query(
    `WITH edited AS (DELETE FROM edited_key RETURNING key)
     UPDATE customer_key k SET again = true
       FROM (SELECT e.key, min(two.customer_id::text)::uuid AS first
               FROM (SELECT DISTINCT key FROM edited) AS e
              CROSS JOIN LATERAL (SELECT customer_id FROM customer_key WHERE key = e.key AND NOT again LIMIT 2) AS two
              GROUP BY e.key HAVING count(*) > 1) AS unseen
      WHERE k.key = unseen.key AND k.customer_id <> unseen.first AND NOT k.again`,
  );

function groups<T extends { readonly key: string }>(items: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const group = found.get(item.key);
    if (group) group.push(item);
    else found.set(item.key, [item]);
  }
  return found;
}

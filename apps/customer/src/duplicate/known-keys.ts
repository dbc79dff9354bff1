import type { Duplicate } from '#contracts';
import { together, type Tx, visibleTo } from '#platform';
import { CustomerPolicy } from '../customer/customer.policy.js';
import { CUSTOMER_IMPORT } from '../import/import-locks.js';
import { nameKey } from './duplicate-keys.js';

interface Keyed {
  readonly id: string;
  readonly keys: readonly string[];
}

/** Candidates that a warning names for each key. */
export const MOST_NAMED = 10;

/**
 * Two who bring the same key at the same moment would each be blind to the other. Names are locked always, because a won
 * opportunity looks for its name behind this lock (MKT-6); phones only while nobody has them, so that a busy one holds nobody up.
 */
export const lockKeys = (tx: Tx, keys: readonly string[]) =>
  tx.query(
    `SELECT pg_advisory_xact_lock(hashtext('customer-key'), hash)
       FROM (SELECT DISTINCT hashtext(key) AS hash FROM unnest($1::text[]) AS key
              WHERE key LIKE 'n:%' OR (SELECT k.key FROM customer_key k WHERE k.key = key.key LIMIT 1) IS NULL ORDER BY 1) AS keys`,
    [keys],
  );

/** Every path that makes customers, or gives one a name, takes this lock. */
export const lockNames = (tx: Tx, ...names: string[]) => lockKeys(tx, names.map(nameKey));

/** Keys of all customers as two arrays, the way SQL takes them. */
const pairs = (customers: readonly Keyed[]): [string[], string[]] => {
  const each = customers.flatMap(({ id, keys }) => keys.map((key) => [id, key] as const));
  return [each.map(([id]) => id), each.map(([, key]) => key)];
};

/** Who is a candidate for `mine (customer_id, key)`: living customers with one of the keys. */
const OTHERS = `SELECT m.customer_id AS of, m.key, o.customer_id AS id
  FROM mine m CROSS JOIN LATERAL (
    SELECT k.customer_id FROM customer_key k WHERE k.key = m.key AND k.customer_id <> m.customer_id
     ORDER BY k.customer_id LIMIT ${MOST_NAMED}) o`;

interface Candidate {
  readonly of: string;
  readonly id: string;
  readonly code: string;
  readonly name: string | null;
}
/** The name is for those who may see the customer. */
const candidates = (visible: string): string =>
  `SELECT DISTINCT ON (o.of, t.id) o.of, t.id, t.code, CASE WHEN ${visible} THEN t.name END AS name
     FROM other o JOIN customer t ON t.id = o.id AND t.deleted_at IS NULL ORDER BY o.of, t.id`;

function byCustomer(rows: readonly Candidate[]): Map<string, Duplicate[]> {
  const found = new Map<string, Duplicate[]>();
  for (const { of, id, code, name } of rows) {
    const duplicates = found.get(of) ?? [];
    duplicates.push(name === null ? { id, code } : { id, code, name });
    found.set(of, duplicates);
  }
  return found;
}

/**
 * Notes keys that these customers come to have, and says who is likely the same; one statement for any number. Take `lockKeys` before.
 * `again` marks all but the first customer of a key, so that keys which several share are found without looking at the others. While
 * customers are imported it leaves what they are to `settleEditedKeys`.
 */
export async function noteKeys(tx: Tx, customers: readonly Keyed[]): Promise<Map<string, Duplicate[]>> {
  const parameters: unknown[] = pairs(customers);
  const visible = visibleTo(CustomerPolicy, tx.actor, parameters);
  return byCustomer(
    await tx.query<Candidate>(
      `WITH mine AS (SELECT customer_id, key, row_number() OVER (PARTITION BY key) AS place
                       FROM unnest($1::uuid[], $2::text[]) AS m (customer_id, key)),
            other AS MATERIALIZED (${OTHERS}),
            noted AS (
              INSERT INTO customer_key (key, customer_id, again)
              SELECT key, customer_id, place > 1 OR EXISTS (SELECT FROM other o WHERE o.of = m.customer_id AND o.key = m.key)
                FROM mine m
              ON CONFLICT DO NOTHING),
            edited AS (
              INSERT INTO edited_key (key)
              SELECT key FROM mine
               WHERE EXISTS (SELECT FROM job WHERE kind = '${CUSTOMER_IMPORT}' AND undoes IS NULL AND status IN ('queued', 'running')))
       ${candidates(visible)}`,
      parameters,
    ),
  );
}

/** Forgets keys that customers no longer have. One who is alone with a key now is its first again. */
async function dropKeys(tx: Tx, customers: readonly Keyed[]): Promise<void> {
  const [ids, keys] = pairs(customers);
  if (keys.length === 0) return;
  await together([
    tx.query(
      `DELETE FROM customer_key k USING unnest($1::uuid[], $2::text[]) AS m (customer_id, key)
        WHERE k.key = m.key AND k.customer_id = m.customer_id`,
      [ids, keys],
    ),
    tx.query(
      `UPDATE customer_key k SET again = false
         FROM (SELECT g.key, min(o.customer_id::text)::uuid AS customer_id
                 FROM (SELECT DISTINCT key FROM unnest($1::text[]) AS key) AS g
                CROSS JOIN LATERAL (SELECT customer_id FROM customer_key WHERE key = g.key LIMIT 2) o
                GROUP BY g.key HAVING count(*) = 1) AS alone
        WHERE k.key = alone.key AND k.customer_id = alone.customer_id AND k.again`,
      [keys],
    ),
  ]);
}

interface Renewed {
  readonly id: string;
  readonly before: readonly string[];
  readonly now: readonly string[];
}

/** Customers have other keys now. @returns who is likely the same by those that are new, by customer */
export async function renewKeys(tx: Tx, customers: readonly Renewed[]): Promise<Map<string, Duplicate[]>> {
  const gone = customers.map(({ id, before, now }) => ({ id, keys: before.filter((key) => !now.includes(key)) }));
  const come = customers
    .map(({ id, before, now }) => ({ id, keys: now.filter((key) => !before.includes(key)) }))
    .filter(({ keys }) => keys.length > 0);
  await dropKeys(tx, gone);
  if (come.length === 0) return new Map();
  const keys = come.flatMap((customer) => customer.keys);
  const [, found] = await together([lockKeys(tx, keys), noteKeys(tx, come)]);
  return found;
}

const keysOf = (tx: Tx, customerIds: readonly string[]): Promise<Keyed[]> =>
  tx.query<Keyed>('SELECT id, duplicate_keys AS keys FROM customer WHERE id = ANY ($1)', [customerIds]);

/** The customers are no longer among the living. */
export const hideKeys = async (tx: Tx, ...customerIds: string[]): Promise<void> =>
  dropKeys(tx, await keysOf(tx, customerIds));

/** The customer is back among the living. */
export async function showKeys(tx: Tx, customerId: string): Promise<void> {
  const customers = await keysOf(tx, [customerId]);
  const keys = customers.flatMap((customer) => customer.keys);
  await together([lockKeys(tx, keys), noteKeys(tx, customers)]);
}

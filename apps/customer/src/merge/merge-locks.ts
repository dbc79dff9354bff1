import { CrmError } from '#contracts';
import type { Tx } from '#platform';
import { Customer } from '../customer/customer.entity.js';
import { lockNames } from '../duplicate/known-keys.js';
import { lockRefs } from '../sales/feed-locks.js';

interface Identity {
  readonly id: string;
  readonly name: string;
  readonly refs: string[];
}

/**
 * Both customers of a merge, locked with all that it touches, in the one order of all paths: names, references, rows by id. No win
 * finds, no feed joins and nobody edits, merges or deletes one of them in between.
 * @throws CrmError not-found for the first, unknown-reference for the second when it is not there
 */
export async function lockPair(tx: Tx, mergedId: string, intoId: string): Promise<[Customer, Customer]> {
  let seen = await identities(tx, mergedId, intoId);
  for (;;) {
    await lockNames(tx, ...seen.map(({ name }) => name));
    await lockRefs(
      tx,
      seen.flatMap(({ refs }) => refs),
    );
    // Their keys too: an order on its way to one of them, by a reference just given up, is waited for.
    await tx.query('SELECT id FROM customer WHERE id IN ($1, $2) OR survivor_id IN ($1, $2) ORDER BY id FOR UPDATE', [
      mergedId,
      intoId,
    ]);
    // Names and references may have changed while we waited for the rows.
    const now = await identities(tx, mergedId, intoId);
    if (JSON.stringify(now) === JSON.stringify(seen)) break;
    seen = now;
  }
  const merged = await tx.find(Customer, { id: mergedId });
  const into = await tx.find(Customer, { id: intoId });
  if (!merged) throw new CrmError('not-found');
  if (!into) throw unknownSurvivor();
  return [merged, into];
}

/** Also the references that orders of the two have kept. */
const identities = (tx: Tx, ...ids: string[]): Promise<Identity[]> =>
  tx.query<Identity & Record<string, unknown>>(
    `SELECT id, name, ARRAY(SELECT unnest(ARRAY[code, external_ref]) UNION SELECT customer_ref FROM sales_order o WHERE o.customer_id = c.id
                             EXCEPT SELECT NULL ORDER BY 1) AS refs
       FROM customer c WHERE id = ANY($1) OR survivor_id = ANY($1) ORDER BY id`,
    [ids],
  );

export const unknownSurvivor = (): CrmError =>
  new CrmError('unknown-reference', { field: 'intoId' }, [
    { path: 'intoId', code: 'unknown-reference', message: 'names no existing customer · 引用的客户不存在' },
  ]);

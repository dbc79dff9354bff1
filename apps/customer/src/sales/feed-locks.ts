import type { Tx } from '#platform';

/** So many that strangers seldom meet, so few that a batch of thousands of orders leaves room in the server's table of locks. */
const BUCKETS = 256;

/**
 * An order and its customer may arrive at the same moment, each blind to the other. Whoever brings one takes the locks of
 * the references first. Buckets keep their number small; one order everywhere keeps them free of deadlocks.
 */
export async function lockRefs(tx: Tx, refs: readonly string[]): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock(hashtext('customer-ref'), bucket)
       FROM (SELECT DISTINCT abs(hashtext(ref) % ${BUCKETS}) AS bucket FROM unnest($1::text[]) AS ref ORDER BY 1) AS buckets`,
    [refs],
  );
}

/** All of them at once, for work on thousands of references. */
export const lockAllRefs = (tx: Tx) =>
  tx.query(
    `SELECT pg_advisory_xact_lock(hashtext('customer-ref'), bucket) FROM generate_series(0, ${BUCKETS - 1}) AS bucket`,
  );

/** The same between products (alone) and the orders that take their names (side by side). */
export const lockProductNames = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock(hashtext('product-names'))`);
export const shareProductNames = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock_shared(hashtext('product-names'))`);

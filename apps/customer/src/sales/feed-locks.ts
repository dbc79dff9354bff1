import type { Tx } from '#platform';

/** So many that strangers seldom meet, so few that a batch of thousands of orders leaves room in the server's table of locks. */
const BUCKETS = 256;
/** More of them, because who takes one has it alone. */
const ORDER_BUCKETS = 1024;
const bucketOf = (text: string, buckets = BUCKETS): string => `abs(hashtext(${text}) % ${buckets})`;

/**
 * An order and its customer may arrive at the same moment, each blind to the other. Whoever brings one takes the locks of
 * the references first: a customer alone, orders side by side. Buckets keep their number small; one order everywhere keeps them
 * free of deadlocks.
 */
export async function lockRefs(tx: Tx, refs: readonly string[]): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock(hashtext('customer-ref'), bucket)
       FROM (SELECT DISTINCT ${bucketOf('ref')} AS bucket FROM unnest($1::text[]) AS ref ORDER BY 1) AS buckets`,
    [refs],
  );
}

/** All of them at once, for work on thousands of references. */
export const lockAllRefs = (tx: Tx) =>
  tx.query(
    `SELECT pg_advisory_xact_lock(hashtext('customer-ref'), bucket) FROM generate_series(0, ${BUCKETS - 1}) AS bucket`,
  );

/** An order's side of `lockRefs`, with the references that the stored versions of these orders name. Take `lockOrders` before. */
export const shareRefs = (tx: Tx, refs: readonly string[], orderKeys: readonly string[]) =>
  tx.query(
    `SELECT pg_advisory_xact_lock_shared(hashtext('customer-ref'), bucket)
       FROM (SELECT DISTINCT ${bucketOf('ref')} AS bucket
               FROM (SELECT unnest($1::text[]) UNION ALL SELECT customer_ref FROM sales_order WHERE key = ANY($2)) AS named (ref)
              ORDER BY 1) AS buckets`,
    [refs, orderKeys],
  );

/** Versions of one order come one after the other, the first ones too, of which there is no row yet to lock. */
export const lockOrders = (tx: Tx, orderKeys: readonly string[]) =>
  tx.query(
    `SELECT pg_advisory_xact_lock(hashtext('order-key'), bucket)
       FROM (SELECT DISTINCT ${bucketOf('key', ORDER_BUCKETS)} AS bucket FROM unnest($1::text[]) AS key ORDER BY 1) AS buckets`,
    [orderKeys],
  );

/** Products (alone) and the orders that take their names (side by side) may be as blind to each other. Taken first of all. */
export const lockProductNames = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock(hashtext('product-names'))`);
export const shareProductNames = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock_shared(hashtext('product-names'))`);

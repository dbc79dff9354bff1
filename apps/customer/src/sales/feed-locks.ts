import type { Tx } from '#platform';

/** So many that strangers seldom meet, so few that a batch of thousands of orders leaves room in the server's table of locks. */
const BUCKETS = 256;
/** More of them, because who takes one has it alone. */
const ORDER_BUCKETS = 1024;

interface Locks {
  readonly name: 'customer-ref' | 'order-key';
  readonly buckets: number;
  readonly mode: 'alone' | 'shared';
}

/** `texts`: a query of what is locked. In the order of the buckets, so that nobody waits in a circle. */
const lockBuckets = (tx: Tx, { name, buckets, mode }: Locks, texts: string, parameters: readonly unknown[]) =>
  tx.query(
    `SELECT pg_advisory_xact_lock${mode === 'shared' ? '_shared' : ''}(hashtext('${name}'), bucket)
       FROM (SELECT DISTINCT abs(hashtext(text) % ${buckets}) AS bucket FROM (${texts}) AS named (text) ORDER BY 1) AS buckets`,
    parameters,
  );

/**
 * An order and its customer may arrive at the same moment, each blind to the other. Whoever brings one takes the locks of
 * the references first: a customer alone, orders side by side. Buckets keep their number small; one order everywhere keeps them
 * free of deadlocks.
 */
export const lockRefs = (tx: Tx, refs: readonly string[]) =>
  lockBuckets(tx, { name: 'customer-ref', buckets: BUCKETS, mode: 'alone' }, 'SELECT unnest($1::text[])', [refs]);

/** All of them at once, for work on thousands of references. */
export const lockAllRefs = (tx: Tx) =>
  tx.query(
    `SELECT pg_advisory_xact_lock(hashtext('customer-ref'), bucket) FROM generate_series(0, ${BUCKETS - 1}) AS bucket`,
  );

/** An order's side of `lockRefs`, with the references that the stored versions of these orders name. Take `lockOrders` before. */
export const shareRefs = (tx: Tx, refs: readonly string[], orderKeys: readonly string[]) =>
  lockBuckets(
    tx,
    { name: 'customer-ref', buckets: BUCKETS, mode: 'shared' },
    'SELECT unnest($1::text[]) UNION ALL SELECT customer_ref FROM sales_order WHERE key = ANY($2)',
    [refs, orderKeys],
  );

/** Versions of one order come one after the other, the first ones too, of which there is no row yet to lock. */
export const lockOrders = (tx: Tx, orderKeys: readonly string[]) =>
  lockBuckets(tx, { name: 'order-key', buckets: ORDER_BUCKETS, mode: 'alone' }, 'SELECT unnest($1::text[])', [
    orderKeys,
  ]);

/** Products (alone) and the orders that take their names (side by side) may be as blind to each other. Taken first of all. */
export const lockProductNames = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock(hashtext('product-names'))`);
export const shareProductNames = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock_shared(hashtext('product-names'))`);

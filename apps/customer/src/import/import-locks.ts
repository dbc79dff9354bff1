import type { Tx } from '#platform';

/** The kind of the job: while one is open, edits leave the keys that they bring. */
export const CUSTOMER_IMPORT = 'customer-import';

/**
 * An import brings too many names to lock each. It takes one lock of its own for a chunk, and a won opportunity, which looks for its
 * name (MKT-6), waits for that, too; wins do not wait for each other by it.
 */
export const lockImports = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock(hashtext('customer-import'))`);
export const shareImports = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock_shared(hashtext('customer-import'))`);

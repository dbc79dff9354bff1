import type { Tx } from '#platform';

/**
 * An import brings too many names to lock each. It takes one lock of its own for a chunk, and a won opportunity, which looks for its
 * name (MKT-6), waits for that, too; wins do not wait for each other by it.
 */
export const lockImports = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock(hashtext('customer-import'))`);
export const shareImports = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock_shared(hashtext('customer-import'))`);

import type { Tx } from '#platform';

/**
 * The last statement of every transaction that changes roles, principals or keys, or ends a session. The counter's row stays locked
 * until the commit, so revisions become visible in their order, and a snapshot of revision n holds every change up to n.
 */
export async function nextRevision(tx: Tx): Promise<void> {
  await tx.query('UPDATE access_revision SET revision = revision + 1');
}

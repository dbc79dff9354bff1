import { type Touched, type Tx, undoInChunks, type UndoJob, undone } from '#platform';
import { In } from 'typeorm';
import { Customer } from '../customer/customer.entity.js';
import { hideKeys } from '../duplicate/known-keys.js';
import { lockAllRefs } from '../sales/feed-locks.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';

/** Deletes the customers that an import made, except those that somebody or something has touched since. */
export const undoCustomers = (job: UndoJob): Promise<void> =>
  undoInChunks(job, async (tx, made) => {
    const touched = await touchedSince(
      tx,
      job.undoes,
      made.map(({ recordId }) => recordId),
    );
    const ids = touched.filter(({ acts }) => acts === null).map(({ id }) => id);
    const customers = await tx.manager.find(Customer, { where: { id: In(ids) } });
    for (const customer of customers) tx.publish(customer.delete());
    await tx.query('UPDATE customer SET deleted_at = now(), version = version + 1 WHERE id = ANY ($1)', [ids]);
    await hideKeys(tx, ...ids);
    await recordCustomerActs(
      tx,
      ids.map((recordId) => ({ recordId, act: 'deleted', details: { jobId: job.undoes } })),
    );
    return undone(made, touched, 'deleted');
  });

/**
 * The timeline tells of all that happens to a customer; what it might not tell is looked at besides. The rows stay locked, their keys
 * too: who just adds something to one of them is waited for. Orders that are to come find the customer gone.
 */
async function touchedSince(tx: Tx, jobId: string, ids: readonly string[]): Promise<Touched[]> {
  await lockAllRefs(tx);
  await tx.query('SELECT id FROM customer WHERE id = ANY ($1) ORDER BY id FOR UPDATE', [ids]);
  return tx.query<Touched>(
    `SELECT c.id, c.code,
            CASE WHEN c.deleted_at IS NOT NULL THEN 'deleted'
                 ELSE coalesce(
                   (SELECT string_agg(DISTINCT h.act, ', ') FROM customer_history h
                     WHERE h.customer_id = c.id AND h.details->>'jobId' IS DISTINCT FROM $2),
                   CASE WHEN c.version > 1 THEN 'edited' END,
                   CASE WHEN EXISTS (SELECT FROM sales_order o WHERE o.customer_id = c.id) THEN 'order-recorded' END,
                   CASE WHEN EXISTS (
                     SELECT FROM contact k WHERE k.customer_id = c.id AND (k.version > 1 OR NOT EXISTS (
                       SELECT FROM customer_history h WHERE h.customer_id = c.id AND h.details->>'contactId' = k.id::text
                          AND h.details->>'jobId' = $2))) THEN 'contact-edited' END)
            END AS acts
       FROM customer c WHERE c.id = ANY ($1)`,
    [ids, jobId],
  );
}

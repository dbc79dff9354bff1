import { type Touched, type Tx, undoInChunks, type UndoJob, undone } from '#platform';
import { In } from 'typeorm';
import { Contact } from '../contact/contact.entity.js';
import { noteSearchTexts } from '../customer/customer-search.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';

/** Removes the contacts that an import made, except those that somebody or something has touched since. */
export const undoContacts = (job: UndoJob): Promise<void> =>
  undoInChunks(job, async (tx, made) => {
    const touched = await touchedSince(
      tx,
      job.undoes,
      made.map(({ recordId }) => recordId),
    );
    const ids = touched.filter(({ acts }) => acts === null).map(({ id }) => id);
    const contacts = await tx.manager.find(Contact, { where: { id: In(ids) } });
    for (const contact of contacts) tx.publish(contact.removed());
    await tx.query('DELETE FROM contact WHERE id = ANY ($1)', [ids]);
    await recordCustomerActs(
      tx,
      contacts.map(({ id, customerId, name }) => ({
        recordId: customerId,
        act: 'contact-removed',
        details: { contactId: id, name, jobId: job.undoes },
      })),
    );
    await noteSearchTexts(tx, [...new Set(contacts.map(({ customerId }) => customerId))]);
    return undone(made, touched, 'contact-removed');
  });

/** Contacts change behind the lock of their customer's row. */
async function touchedSince(tx: Tx, jobId: string, ids: readonly string[]): Promise<Touched[]> {
  await tx.query(
    'SELECT id FROM customer WHERE id IN (SELECT customer_id FROM contact WHERE id = ANY ($1)) ORDER BY id FOR UPDATE',
    [ids],
  );
  return tx.query<Touched>(
    `SELECT k.id, c.code,
            CASE WHEN c.deleted_at IS NOT NULL THEN 'deleted'
                 ELSE coalesce(
                   (SELECT string_agg(DISTINCT h.act, ', ') FROM customer_history h
                     WHERE h.customer_id = c.id AND h.details->>'contactId' = k.id::text
                       AND h.details->>'jobId' IS DISTINCT FROM $2),
                   CASE WHEN k.version > 1 THEN 'contact-edited' END)
            END AS acts
       FROM contact k JOIN customer c ON c.id = k.customer_id WHERE k.id = ANY ($1)`,
    [ids, jobId],
  );
}

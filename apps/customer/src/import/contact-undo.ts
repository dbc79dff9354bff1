import { type Touched, type Tx, undoInChunks, type UndoJob, undone } from '#platform';
import { In } from 'typeorm';
import { Contact } from '../contact/contact.entity.js';
import { noteSearchTexts } from '../customer/customer-search.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';
import { setPrimary } from './contact-writer.js';

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
    await givePrimacyBack(
      tx,
      job.undoes,
      contacts.filter(({ isPrimary }) => isPrimary).map(({ customerId }) => customerId),
    );
    await noteSearchTexts(tx, [...new Set(contacts.map(({ customerId }) => customerId))]);
    return undone(made, touched, 'contact-removed');
  });

/** Who was the primary contact before the import is so again, unless somebody else is by now. */
async function givePrimacyBack(tx: Tx, jobId: string, customerIds: readonly string[]): Promise<void> {
  if (customerIds.length === 0) return;
  const before = await tx.query<{ id: string }>(
    `SELECT DISTINCT ON (h.customer_id) k.id FROM customer_history h
       JOIN contact k ON k.id::text = h.details->>'contactId' AND k.customer_id = h.customer_id
      WHERE h.customer_id = ANY ($1) AND h.act = 'contact-edited' AND h.details->>'jobId' = $2
        AND NOT EXISTS (SELECT FROM job_result r WHERE r.job_id = $3 AND r.record_id = k.id)
        AND NOT EXISTS (SELECT FROM contact p WHERE p.customer_id = h.customer_id AND p.is_primary)
      ORDER BY h.customer_id, h.id`,
    [customerIds, jobId, jobId],
  );
  const contacts = await tx.manager.find(Contact, { where: { id: In(before.map(({ id }) => id)) } });
  await setPrimary(tx, jobId, contacts, true);
}

/** Contacts change behind the lock of their customer's row. */
async function touchedSince(tx: Tx, jobId: string, ids: readonly string[]): Promise<Touched[]> {
  await tx.query(
    'SELECT id FROM customer WHERE id IN (SELECT customer_id FROM contact WHERE id = ANY ($1)) ORDER BY id FOR NO KEY UPDATE',
    [ids],
  );
  return tx.query<Touched>(
    `SELECT k.id, c.code,
            CASE WHEN c.deleted_at IS NOT NULL THEN 'deleted'
                 ELSE coalesce(
                   (SELECT string_agg(DISTINCT h.act, ', ') FROM customer_history h
                     WHERE h.customer_id = c.id AND h.details->>'contactId' = k.id::text
                       AND h.details->>'jobId' IS DISTINCT FROM $2),
                   -- What the import itself did to it, when a later row was to be the primary contact, is nobody's edit.
                   CASE WHEN k.version > 1 + (SELECT count(*) FROM customer_history h
                     WHERE h.customer_id = c.id AND h.act = 'contact-edited' AND h.details->>'contactId' = k.id::text
                       AND h.details->>'jobId' = $2) THEN 'contact-edited' END)
            END AS acts
       FROM contact k JOIN customer c ON c.id = k.customer_id WHERE k.id = ANY ($1)`,
    [ids, jobId],
  );
}

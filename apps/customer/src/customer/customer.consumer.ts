import { OpportunityWon, type DataOf } from '#contracts';
import { foldName, On, together, type EventTx, type Tx } from '#platform';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { Contact } from '../contact/contact.entity.js';
import { duplicateKeys } from '../duplicate/duplicate-keys.js';
import { lockKeys } from '../duplicate/known-keys.js';
import { shareImports } from '../import/import-locks.js';
import { lockRefs } from '../sales/feed-locks.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';
import { Customer } from './customer.entity.js';
import { addCustomer, nextCustomerCode } from './customer.service.js';

@Controller()
export class CustomerConsumer {
  /**
   * MKT-6: a won opportunity becomes a customer with its first contact, or is linked to the customer of its name.
   * Runs in the consumer's transaction: return to be done, throw to be tried again.
   */
  @On(OpportunityWon)
  async createCustomer(@Payload() won: DataOf<typeof OpportunityWon>, @Ctx() tx: EventTx): Promise<void> {
    const [, , made, existing, code] = await together([
      shareImports(tx),
      lockKeys(tx, duplicateKeys([{ name: won.customerName, phone: won.contactPhone }], [])),
      tx.query('SELECT 1 FROM customer WHERE source_opportunity_id = $1', [won.opportunityId]),
      livingOfName(tx, foldName(won.customerName)),
      nextCustomerCode(tx),
    ]);
    if (made.length > 0) return;
    const origin = { opportunityId: won.opportunityId, opportunityCode: won.code };
    if (existing) {
      tx.publish(existing.link(won.opportunityId));
      await recordCustomerActs(tx, [
        { recordId: existing.id, act: 'opportunity-linked', details: origin, at: tx.event.time },
      ]);
      return;
    }
    const customer = Customer.fromWon(won, code);
    const contacts = won.contactName
      ? [Contact.of(customer.id, { name: won.contactName, officePhone: won.contactPhone, isPrimary: true })]
      : [];
    await together([lockRefs(tx, customer.refs), addCustomer(tx, customer, contacts, origin)]);
  }
}

/**
 * The oldest living customer of the name, else the one into which such a customer was merged; locked. One that was renamed, deleted or
 * merged while we waited for its lock is passed over.
 */
async function livingOfName(tx: Tx, foldedName: string): Promise<Customer | undefined> {
  for (;;) {
    const [known] = await tx.query<{ id: string }>(
      `SELECT id FROM (
         SELECT 1 AS place, id, created_at FROM customer WHERE folded_name = $1 AND deleted_at IS NULL
         UNION ALL
         SELECT 2, s.id, m.created_at FROM customer m JOIN customer s ON s.id = m.survivor_id AND s.deleted_at IS NULL
          WHERE m.folded_name = $1 AND m.survivor_id IS NOT NULL) AS known
        ORDER BY place, created_at, id LIMIT 1`,
      [foldedName],
    );
    if (!known) return undefined;
    const customer = await tx.find(Customer, { id: known.id, deletedAt: null });
    if (customer && (customer.foldedName === foldedName || (await hasMerged(tx, customer.id, foldedName))))
      return customer;
  }
}

const hasMerged = async (tx: Tx, survivorId: string, foldedName: string): Promise<boolean> =>
  (
    await tx.query('SELECT 1 FROM customer WHERE survivor_id = $1 AND folded_name = $2 LIMIT 1', [
      survivorId,
      foldedName,
    ])
  ).length > 0;

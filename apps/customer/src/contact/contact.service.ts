import { CrmError, type ContactChanges, type ContactInput, type ContactView } from '#contracts';
import { UnitOfWork, type Tx, type RequestContext } from '#platform';
import { Injectable } from '@nestjs/common';
import { contactSearchText, noteSearchText } from '../customer/customer-search.js';
import { Customer } from '../customer/customer.entity.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';
import { Contact } from './contact.entity.js';

/** Use cases: one method, one transaction. The customer's row is locked first, so that its contacts change one at a time. */
@Injectable()
export class ContactService {
  constructor(private readonly uow: UnitOfWork) {}

  add(context: RequestContext, customerId: string, input: ContactInput): Promise<ContactView> {
    return this.uow.run(context, async (tx) => {
      const customer = await tx.load(Customer, customerId);
      tx.requireScope('contact.write', customer.ownerId);
      const contact = Contact.of(customerId, input);
      if (contact.isPrimary) await unsetPrimary(tx, customerId);
      await tx.insert(contact, { search_text: contactSearchText(customer.name, contact) });
      tx.publish(contact.added());
      await noteSearchText(tx, customer);
      await recordCustomerActs(tx, [{ recordId: customerId, act: 'contact-added', details: contact.gist }]);
      return contact.view();
    });
  }

  update(
    context: RequestContext,
    customerId: string,
    contactId: string,
    changes: ContactChanges,
  ): Promise<ContactView> {
    return this.uow.run(context, async (tx) => {
      const customer = await tx.load(Customer, customerId);
      const contact = await loadContact(tx, customerId, contactId);
      tx.requireScope('contact.write', customer.ownerId);
      if (changes.isPrimary && !contact.isPrimary) await unsetPrimary(tx, customerId);
      const edited = contact.edit(changes);
      if (!edited) return contact.view();
      tx.publish(edited.event);
      await tx.save(contact);
      await noteSearchText(tx, customer);
      const details = { ...contact.gist, changes: edited.changed };
      await recordCustomerActs(tx, [{ recordId: customerId, act: 'contact-edited', details }]);
      return contact.view();
    });
  }

  remove(context: RequestContext, customerId: string, contactId: string): Promise<void> {
    return this.uow.run(context, async (tx) => {
      const customer = await tx.load(Customer, customerId);
      const contact = await loadContact(tx, customerId, contactId);
      tx.requireScope('contact.write', customer.ownerId);
      tx.publish(contact.removed());
      await tx.remove(contact);
      await noteSearchText(tx, customer);
      await recordCustomerActs(tx, [{ recordId: customerId, act: 'contact-removed', details: contact.gist }]);
    });
  }
}

async function loadContact(tx: Tx, customerId: string, contactId: string): Promise<Contact> {
  const contact = await tx.find(Contact, { id: contactId, customerId });
  if (!contact) throw new CrmError('not-found');
  tx.requireVersion(contact);
  return contact;
}

async function unsetPrimary(tx: Tx, customerId: string): Promise<void> {
  const primary = await tx.find(Contact, { customerId, isPrimary: true });
  if (!primary) return;
  const { event, changed } = primary.edit({ isPrimary: false })!;
  tx.publish(event);
  await tx.save(primary);
  const details = { ...primary.gist, changes: changed };
  await recordCustomerActs(tx, [{ recordId: customerId, act: 'contact-edited', details }]);
}

import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  ContactAdded,
  ContactRemoved,
  ContactUpdated,
  CustomerCreated,
  CustomerDeleted,
  CustomerRestored,
  CustomerUpdated,
  type DataOf,
} from '#contracts';
import { type EventTx, On, searchText } from '#platform';

type CustomerFacts = DataOf<typeof CustomerCreated>;
type ContactFacts = DataOf<typeof ContactAdded>;

/** Keeps the local copy of customers and contacts. */
@Controller()
export class CustomerConsumer {
  @On(CustomerCreated, { independent: true })
  async created(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keepCustomer(tx, customer, false);
  }

  @On(CustomerUpdated, { independent: true })
  async updated(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await tx.query(`UPDATE customer SET name = $2, search_text = $3 WHERE id = $1`, [
      customer.customerId,
      customer.name,
      searchText(customer.name),
    ]);
  }

  @On(CustomerDeleted, { independent: true })
  async deleted(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keepCustomer(tx, customer, true);
  }

  @On(CustomerRestored, { independent: true })
  async restored(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keepCustomer(tx, customer, false);
  }

  @On(ContactAdded, { independent: true })
  async contactAdded(@Payload() contact: ContactFacts, @Ctx() tx: EventTx): Promise<void> {
    await keepContact(tx, contact, false);
  }

  @On(ContactUpdated, { independent: true })
  async contactUpdated(@Payload() contact: ContactFacts, @Ctx() tx: EventTx): Promise<void> {
    await keepContact(tx, contact, false);
  }

  @On(ContactRemoved, { independent: true })
  async contactRemoved(@Payload() contact: ContactFacts, @Ctx() tx: EventTx): Promise<void> {
    await keepContact(tx, contact, true);
  }
}

export const keepCustomer = (tx: EventTx, { customerId, name }: CustomerFacts, deleted: boolean) =>
  tx.keep('customer', { id: customerId, name, search_text: searchText(name), deleted });

/** One that was removed stays: tickets still name it. */
const keepContact = (tx: EventTx, { contactId, customerId, name }: ContactFacts, removed: boolean) =>
  tx.keep('contact', { id: contactId, customer_id: customerId, name, removed });

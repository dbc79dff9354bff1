import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  ContactAdded,
  ContactRemoved,
  CustomerCreated,
  CustomerDeleted,
  CustomerRestored,
  CustomerUpdated,
  type DataOf,
} from '#contracts';
import { type EventTx, On } from '#platform';

type CustomerFacts = DataOf<typeof CustomerCreated>;

/** Keeps the local copy of customers and contacts. */
@Controller()
export class CustomerConsumer {
  @On(CustomerCreated, { independent: true })
  async created(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, customer, false);
  }

  @On(CustomerUpdated, { independent: true })
  async updated(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await tx.query(`UPDATE customer SET name = $2 WHERE id = $1`, [customer.customerId, customer.name]);
  }

  @On(CustomerDeleted, { independent: true })
  async deleted(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, customer, true);
  }

  @On(CustomerRestored, { independent: true })
  async restored(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, customer, false);
  }

  @On(ContactAdded, { independent: true })
  async contactAdded(@Payload() contact: DataOf<typeof ContactAdded>, @Ctx() tx: EventTx): Promise<void> {
    await tx.query(
      `INSERT INTO contact (id, customer_id) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id`,
      [contact.contactId, contact.customerId],
    );
  }

  @On(ContactRemoved, { independent: true })
  async contactRemoved(@Payload() contact: DataOf<typeof ContactRemoved>, @Ctx() tx: EventTx): Promise<void> {
    await tx.query(`DELETE FROM contact WHERE id = $1`, [contact.contactId]);
  }
}

const keep = (tx: EventTx, { customerId, name }: CustomerFacts, deleted: boolean) =>
  tx.query(
    `INSERT INTO customer (id, name, deleted) VALUES ($1, $2, $3)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, deleted = excluded.deleted`,
    [customerId, name, deleted],
  );

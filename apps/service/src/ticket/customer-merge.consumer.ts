import { CustomerMerged, CustomerMergeUndone, type DataOf } from '#contracts';
import { type EventTx, noteSuccessor, On } from '#platform';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { keepCustomer } from '../customer/customer.consumer.js';
import { Ticket } from './ticket.entity.js';
import { recordActs } from './ticket.timeline.js';

/** A ticket belongs to the customer that stands for the one it was opened for (CUS-6). */
@Controller()
export class CustomerMergeConsumer {
  /** The customer's row comes first: who is just opening a ticket for it holds that row, and the ticket is seen when it is let go. */
  @On(CustomerMerged)
  async merged(@Payload() customer: DataOf<typeof CustomerMerged>, @Ctx() tx: EventTx): Promise<void> {
    await keepCustomer(tx, customer, true);
    await follow(tx, customer.customerId, customer.intoId);
  }

  @On(CustomerMergeUndone)
  async undone(@Payload() customer: DataOf<typeof CustomerMergeUndone>, @Ctx() tx: EventTx): Promise<void> {
    await keepCustomer(tx, customer, false);
    await follow(tx, customer.customerId, null);
  }
}

async function follow(tx: EventTx, customerId: string, intoId: string | null): Promise<void> {
  const stands = new Map((await noteSuccessor(tx, customerId, intoId)).map(({ id, now }) => [id, now]));
  const affected = await tx.query<{ id: string }>(
    `SELECT id FROM ticket WHERE (opened_for_id = ANY($1) OR customer_id = ANY($1) AND opened_for_id IS NULL) AND deleted_at IS NULL`,
    [[...stands.keys()]],
  );
  const tickets = await tx.findAll(
    Ticket,
    affected.map(({ id }) => id),
  );
  const moved = tickets.flatMap((ticket) => {
    const from = ticket.customerId;
    // Its customer may have been changed while this waited for it.
    const event = ticket.follow(stands.get(ticket.openedForId ?? from) ?? from);
    return event ? [{ ticket, event, from }] : [];
  });
  if (moved.length === 0) return;
  // No new version: nobody's edit could overwrite it.
  await tx.query(
    `UPDATE ticket t SET customer_id = m.customer_id, opened_for_id = m.opened_for_id
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS m (id, customer_id, opened_for_id) WHERE t.id = m.id`,
    [
      moved.map(({ ticket }) => ticket.id),
      moved.map(({ ticket }) => ticket.customerId),
      moved.map(({ ticket }) => ticket.openedForId),
    ],
  );
  tx.publish(...moved.map(({ event }) => event));
  await recordActs(
    tx,
    moved.map(({ ticket, from }) => ({ recordId: ticket.id, act: 'moved', details: { from, to: ticket.customerId } })),
  );
}

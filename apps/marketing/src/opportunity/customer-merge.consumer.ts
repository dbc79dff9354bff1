import { CustomerMerged, CustomerMergeUndone, type DataOf } from '#contracts';
import { type EventTx, noteSuccessor, On } from '#platform';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { Opportunity } from './opportunity.entity.js';
import { recordActs } from './opportunity.timeline.js';

/** An opportunity shows the customer that stands for the one it became (CUS-6). */
@Controller()
export class CustomerMergeConsumer {
  @On(CustomerMerged)
  async merged(@Payload() customer: DataOf<typeof CustomerMerged>, @Ctx() tx: EventTx): Promise<void> {
    await follow(tx, customer.customerId, customer.intoId);
  }

  @On(CustomerMergeUndone)
  async undone(@Payload() customer: DataOf<typeof CustomerMergeUndone>, @Ctx() tx: EventTx): Promise<void> {
    await follow(tx, customer.customerId, null);
  }
}

async function follow(tx: EventTx, customerId: string, intoId: string | null): Promise<void> {
  const stands = new Map((await noteSuccessor(tx, customerId, intoId)).map(({ id, now }) => [id, now]));
  const ids = [...stands.keys()];
  const affected = await tx.query<{ id: string }>(
    'SELECT id FROM opportunity WHERE became_id = ANY($1) OR customer_id = ANY($1) AND became_id IS NULL',
    [ids],
  );
  const opportunities = await tx.findAll(
    Opportunity,
    affected.map(({ id }) => id),
  );
  const moved = opportunities.flatMap((opportunity) => {
    const event = opportunity.follow(stands.get(opportunity.becameId ?? opportunity.customerId!)!);
    return event ? [{ opportunity, event }] : [];
  });
  if (moved.length === 0) return;
  await tx.query(
    `UPDATE opportunity o SET customer_id = m.customer_id, became_id = m.became_id, version = o.version + 1
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS m (id, customer_id, became_id) WHERE o.id = m.id`,
    [
      moved.map(({ opportunity }) => opportunity.id),
      moved.map(({ opportunity }) => opportunity.customerId),
      moved.map(({ opportunity }) => opportunity.becameId),
    ],
  );
  tx.publish(...moved.map(({ event }) => event));
  await recordActs(
    tx,
    moved.map(({ opportunity: { id, customerId } }) => ({ recordId: id, act: 'linked', details: { customerId } })),
  );
}

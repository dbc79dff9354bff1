import {
  CustomerCreated,
  CustomerDeleted,
  CustomerMerged,
  CustomerMergeUndone,
  CustomerRestored,
  CustomerTransferred,
  CustomerUpdated,
  type DataOf,
  OrderRecorded,
} from '#contracts';
import { type EventTx, fold, On } from '#platform';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';

type CustomerFacts = DataOf<typeof CustomerCreated>;

/** Counts each event at once, so that reading the report adds up next to nothing. */
@Controller()
export class ContributionConsumer {
  @On(CustomerCreated, { independent: true })
  async customerCreated(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, customer, false);
  }

  @On(CustomerUpdated, { independent: true })
  async customerUpdated(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, customer, false);
  }

  @On(CustomerDeleted, { independent: true })
  async customerDeleted(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, customer, true);
  }

  @On(CustomerRestored, { independent: true })
  async customerRestored(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, customer, false);
  }

  /** Its orders tell by themselves that they are the survivor's now (ADR 17). */
  @On(CustomerMerged, { independent: true })
  async customerMerged(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, customer, true);
  }

  @On(CustomerMergeUndone, { independent: true })
  async customerMergeUndone(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, customer, false);
  }

  @On(CustomerTransferred, { independent: true })
  async customerTransferred(@Payload() customer: CustomerFacts, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, customer, false);
  }

  /**
   * Takes away what the order counted for before and adds what it counts for now, in one statement: cancelled orders and those
   * without a customer count for nothing. Rows are locked in one order, so that two orders cannot wait for each other.
   */
  @On(OrderRecorded, { independent: true })
  async orderRecorded(@Payload() order: DataOf<typeof OrderRecorded>, @Ctx() tx: EventTx): Promise<void> {
    await tx.query(
      `WITH before AS (SELECT * FROM customer_order WHERE id = $1),
       after AS (
         INSERT INTO customer_order (id, key, customer_id, year, currency, amount, counted) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET key = excluded.key, customer_id = excluded.customer_id, year = excluded.year,
           currency = excluded.currency, amount = excluded.amount, counted = excluded.counted
         RETURNING *),
       change AS (
         SELECT customer_id, year, currency, -amount AS amount, -1 AS orders FROM before WHERE counted AND customer_id IS NOT NULL
         UNION ALL
         SELECT customer_id, year, currency, amount, 1 FROM after WHERE counted AND customer_id IS NOT NULL)
       INSERT INTO contribution AS c (customer_id, year, currency, amount, orders)
       SELECT customer_id, period, currency, sum(amount), sum(orders) FROM change, LATERAL (VALUES (year), (0)) AS of(period)
        GROUP BY customer_id, period, currency ORDER BY customer_id, period, currency
       ON CONFLICT (customer_id, year, currency) DO UPDATE SET amount = c.amount + excluded.amount, orders = c.orders + excluded.orders`,
      [
        order.orderId,
        order.key,
        order.customerId,
        Number(order.date.slice(0, 4)),
        order.currency,
        order.total,
        order.status !== 'cancelled',
      ],
    );
  }
}

const keep = (tx: EventTx, { customerId, name, ownerId }: CustomerFacts, deleted: boolean) =>
  tx.keep('customer', { id: customerId, name, name_folded: fold(name), owner_id: ownerId, deleted });

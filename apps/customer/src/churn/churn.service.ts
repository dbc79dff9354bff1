import type { ChurnAlertView, ChurnMeasureInput, NewEvent } from '#contracts';
import { type Tx, UnitOfWork, type RequestContext } from '#platform';
import { Injectable } from '@nestjs/common';
import { Customer } from '../customer/customer.entity.js';
import { type CustomerAct, recordCustomerActs } from '../timeline/customer.timeline.js';
import { ChurnAlert } from './churn-alert.entity.js';
import { ChurnMeasure } from './churn-measure.entity.js';
import { readAlert } from './churn.queries.js';
import { setStatus } from './customer-status.js';

/** What people do about an alert: one method, one transaction. */
@Injectable()
export class ChurnService {
  constructor(private readonly uow: UnitOfWork) {}

  postpone(context: RequestContext, id: string, input: ChurnMeasureInput): Promise<ChurnAlertView> {
    return this.uow.run(context, async (tx) => {
      const { alert, customer } = await load(tx, id);
      const taken = { date: input.date ?? tx.today, measure: input.measure };
      const postponed = alert.postpone(taken, customer.ownerId);
      tx.requireScope('churn.handle', customer.ownerId);
      await tx.insert(ChurnMeasure.of({ ...taken, alertId: id, authorId: tx.actor.id }));
      return store(tx, alert, postponed, 'churn-postponed', taken);
    });
  }

  addMeasure(context: RequestContext, id: string, input: ChurnMeasureInput): Promise<ChurnAlertView> {
    return this.uow.run(context, async (tx) => {
      const { alert, customer } = await load(tx, id);
      const taken = { date: input.date ?? tx.today, measure: input.measure };
      const added = alert.addMeasure(taken, customer.ownerId);
      tx.requireScope('churn.handle', customer.ownerId);
      await tx.insert(ChurnMeasure.of({ ...taken, alertId: id, authorId: tx.actor.id }));
      return store(tx, alert, added, 'churn-measure-added', taken);
    });
  }

  /** Alert and customer are lost (CHU-3). */
  confirm(context: RequestContext, id: string, reason: string): Promise<ChurnAlertView> {
    return this.uow.run(context, async (tx) => {
      const { alert, customer } = await load(tx, id);
      const lost = alert.confirm(reason, customer.ownerId);
      tx.requireScope('churn.handle', customer.ownerId);
      await setStatus(tx, [customer], 'lost');
      return store(tx, alert, lost, 'lost', { reason });
    });
  }
}

/** The alert and its customer, whose row is locked first, as on every path: orders and scans come from there. */
async function load(tx: Tx, id: string): Promise<{ alert: ChurnAlert; customer: Customer }> {
  await tx.query(
    'SELECT FROM customer WHERE id = (SELECT customer_id FROM churn_alert WHERE id = $1) FOR NO KEY UPDATE',
    [id],
  );
  const alert = await tx.load(ChurnAlert, id);
  const customer = await tx.find(Customer, { id: alert.customerId });
  return { alert, customer: customer! };
}

async function store(
  tx: Tx,
  alert: ChurnAlert,
  event: NewEvent,
  act: CustomerAct,
  details: object,
): Promise<ChurnAlertView> {
  await tx.save(alert);
  tx.publish(event);
  await recordCustomerActs(tx, [{ recordId: alert.customerId, act, details: { alertId: alert.id, ...details } }]);
  return readAlert(tx.manager, alert.id, tx.actor);
}

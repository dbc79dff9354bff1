import { type Act, copyActs, type History, recordActs, type Tx } from '#platform';

/** What can happen to a customer (CUS-4): what people and the sales system did, and what other services tell by events. */
export type CustomerAct =
  | 'created'
  | 'edited'
  | 'deleted'
  | 'restored'
  | 'opportunity-linked'
  | 'contact-added'
  | 'contact-edited'
  | 'contact-removed'
  | 'activity-recorded'
  | 'activity-edited'
  | 'activity-removed'
  | 'order-recorded'
  | 'order-changed'
  | 'order-cancelled'
  | 'order-moved'
  | 'transferred'
  | 'merged'
  | 'merge-undone'
  | 'churn-alert-raised'
  | 'churn-postponed'
  | 'churn-measure-added'
  | 'churn-recovered'
  | 'lost'
  | 'reactivated'
  | 'ticket-created'
  | 'ticket-moved'
  | 'ticket-assigned'
  | 'ticket-handled'
  | 'ticket-returned'
  | 'ticket-archived'
  | 'ticket-withdrawn';

export const CUSTOMER_HISTORY: History = { table: 'customer_history', record: 'customer_id' };

/** Puts acts on the timelines of their customers, in the transaction of the acts; many at once for work on many customers. */
export const recordCustomerActs = (tx: Tx, acts: readonly Act<CustomerAct>[]): Promise<void> =>
  recordActs(tx, CUSTOMER_HISTORY, acts);

/** The same for thousands of them; wait for it before anything else. */
export const copyCustomerActs = (tx: Tx, acts: readonly Act<CustomerAct>[]): Promise<void> =>
  copyActs(tx, CUSTOMER_HISTORY, acts);

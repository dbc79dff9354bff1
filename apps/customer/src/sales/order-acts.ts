import { formatMoney, type Act, type Tx } from '#platform';
import { recordCustomerActs, type CustomerAct } from '../timeline/customer.timeline.js';
import { differences, type Differences } from '../timeline/differences.js';

/** What the timeline tells of an order. */
export interface OrderState {
  readonly id: string;
  readonly key: string;
  readonly customerId: string | null;
  readonly date: string;
  readonly status: string;
  readonly currency: string;
  readonly address: string | null;
  readonly total: string;
}
/** The columns of `sales_order` as `OrderState` names them. */
export const ORDER_STATE = 'id, key, customer_id AS "customerId", date, status, currency, address, total';

export interface OrderChange {
  /** Nothing for an order that is new. */
  readonly before?: OrderState;
  readonly after: OrderState;
}

/** Puts orders on the timelines of the customers that they came to, changed at, or went away from. */
export const recordOrderActs = (tx: Tx, changes: readonly OrderChange[]): Promise<void> =>
  recordCustomerActs(tx, changes.flatMap(actsOf));

function actsOf({ before, after }: OrderChange): Act<CustomerAct>[] {
  const gist = { orderId: after.id, ...shown(after) };
  const act = (recordId: string, name: CustomerAct, details: object): Act<CustomerAct>[] => [
    { recordId, act: name, details },
  ];
  const { customerId } = after;
  if (before && before.customerId === customerId) {
    if (customerId === null) return [];
    const changed = changesOf(before, after);
    // A new version alone is no news: some systems send all orders anew each night.
    if (Object.keys(changed).length === 0) return [];
    return act(customerId, changed.status?.to === 'cancelled' ? 'order-cancelled' : 'order-changed', {
      ...gist,
      changes: changed,
    });
  }
  return [
    ...(before?.customerId ? act(before.customerId, 'order-moved', { ...gist, customerId }) : []),
    ...(customerId ? act(customerId, 'order-recorded', gist) : []),
  ];
}

const shown = ({ key, date, status, currency, total }: OrderState) => ({
  key,
  date,
  status,
  currency,
  total: formatMoney(total, currency),
});
const changesOf = (before: OrderState, after: OrderState): Differences =>
  differences({ ...shown(before), address: before.address }, { ...shown(after), address: after.address });

import type { CustomerStatus } from '#contracts';
import type { Tx } from '#platform';
import { Customer } from '../customer/customer.entity.js';
import type { Belongings, Moved } from '../merge/moved.js';
import { ChurnAlert } from './churn-alert.entity.js';
import { recoverCustomers } from './churn-recovery.js';
import { setStatus } from './customer-status.js';

/** What a customer is by the alert that it has. */
const STATUS_BY_ALERT = { warning: 'at_risk', postponed: 'at_risk', lost: 'lost', recovered: 'active' } as const;

/**
 * Alerts move with a merge (CUS-6). A customer has one open alert: where both have one, the survivor's stays the only one that people
 * see, with the measures of both; the other waits with the merged customer for an undo.
 */
export const churnAlerts: Belongings = {
  kind: 'churn-alert',
  table: 'churn_alert',
  label: 'since',
  shownBy: 'churn.read',

  async move(tx, fromId, toId) {
    const [into] = await tx.findAll(Customer, [toId]);
    const [open] = (await alertsOf(tx, toId)).filter(({ isOpen }) => isOpen);
    const alerts = await alertsOf(tx, fromId);
    const staying = alerts.find(({ isOpen }) => isOpen && open !== undefined);
    const moving = alerts.filter((alert) => alert !== staying);
    const { status } = into!;
    await moveAlerts(tx, moving, into!);
    const measures = staying && open ? await shareMeasures(tx, staying, open, into!) : [];
    if (moving.some(({ isOpen }) => isOpen)) await setStatus(tx, [into!], 'at_risk');
    await recoverCustomers(tx, [toId]);
    return [
      ...moving.map(({ id, isOpen }) => ({ id, before: isOpen ? { status } : {} })),
      ...(staying ? [{ id: staying.id, before: { measures } }] : []),
    ];
  },

  async giveBack(tx, fromId, toId, moved) {
    const customers = new Map((await tx.findAll(Customer, [fromId, toId])).map((each) => [each.id, each]));
    const [survivor, merged] = [customers.get(fromId)!, customers.get(toId)!];
    const before = new Map(moved.map((each) => [each.id, each.before]));
    const returning = (await alertsOf(tx, fromId)).filter(({ id }) => before.has(id));
    await moveAlerts(tx, returning, merged);
    for (const [alertId, { measures = [] }] of before)
      await tx.query('UPDATE churn_measure SET alert_id = $1 WHERE id = ANY($2)', [alertId, measures]);
    // The alert that was open when the survivor took it over decides what both are without each other.
    const taken = returning.find(({ id }) => before.get(id)!.status !== undefined);
    if (taken) {
      await setStatus(tx, [merged], STATUS_BY_ALERT[taken.status]);
      await setStatus(tx, [survivor], await statusWithout(tx, fromId, taken, before.get(taken.id)!));
    }
    await recoverCustomers(tx, [fromId, toId]);
  },
};

const alertsOf = async (tx: Tx, customerId: string): Promise<ChurnAlert[]> =>
  tx.findAll(
    ChurnAlert,
    (await tx.query<{ id: string }>('SELECT id FROM churn_alert WHERE customer_id = $1', [customerId])).map(
      ({ id }) => id,
    ),
  );

async function moveAlerts(tx: Tx, moving: readonly ChurnAlert[], to: Customer): Promise<void> {
  for (const alert of moving) tx.publish(alert.moveTo(to.id, to.ownerId));
  await tx.query('UPDATE churn_alert SET customer_id = $1, version = version + 1 WHERE id = ANY($2)', [
    to.id,
    moving.map(({ id }) => id),
  ]);
}

/** The survivor's alert gets the measures of the one that stays behind. */
async function shareMeasures(tx: Tx, from: ChurnAlert, to: ChurnAlert, into: Customer): Promise<string[]> {
  const measures = await tx.query<{ id: string; date: string; measure: string }>(
    'UPDATE churn_measure SET alert_id = $2 WHERE alert_id = $1 RETURNING id, date, measure',
    [from.id, to.id],
  );
  for (const { date, measure } of measures) tx.publish(to.addMeasure({ date, measure }, into.ownerId));
  if (measures.length > 0) await tx.save(to);
  return measures.map(({ id }) => id);
}

/** What the survivor is when the alert is taken from it: what its own later alerts say, else what it was before the merge. */
async function statusWithout(
  tx: Tx,
  survivorId: string,
  taken: ChurnAlert,
  before: Moved['before'],
): Promise<CustomerStatus> {
  const later = (await alertsOf(tx, survivorId)).filter(({ raisedAt }) => raisedAt > taken.raisedAt);
  const latest = later.toSorted((a, b) => a.raisedAt.getTime() - b.raisedAt.getTime()).at(-1);
  return latest ? STATUS_BY_ALERT[latest.status] : before.status!;
}

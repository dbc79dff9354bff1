import type { MergePreview } from '#contracts';
import { type Tx, visibleTo } from '#platform';
import type { Belongings } from './moved.js';
import { Activity } from '../activity/activity.entity.js';
import { churnAlerts } from '../churn/churn-belongings.js';
import { Contact } from '../contact/contact.entity.js';
import { noteLastOrders, publishOrders } from '../sales/order-record.js';

const contacts: Belongings = {
  kind: 'contact',
  table: 'contact',
  label: 'name',
  /** The survivor's primary contact stays the primary one. */
  async move(tx, fromId, toId) {
    const moving = await contactsOf(tx, fromId);
    const [primary] = await tx.query('SELECT 1 FROM contact WHERE customer_id = $1 AND is_primary', [toId]);
    const before = moving.map(({ id, isPrimary }) => ({ id, before: { isPrimary } }));
    await moveContacts(tx, moving, toId, (contact) => contact.isPrimary && !primary);
    return before;
  },
  /** Whoever was primary there is so again. */
  async giveBack(tx, fromId, toId, moved) {
    const before = new Map(moved.map(({ id, before }) => [id, before.isPrimary ?? false]));
    const returning = (await contactsOf(tx, fromId)).filter(({ id }) => before.has(id));
    await moveContacts(tx, returning, toId, ({ id }) => before.get(id)!);
  },
};

const contactsOf = async (tx: Tx, customerId: string): Promise<Contact[]> =>
  tx.findAll(Contact, await idsOf(tx, 'contact', customerId));

/** Nothing comes or goes in between: whoever adds, edits or removes one holds the customer's row. */
const idsOf = async (tx: Tx, table: 'contact' | 'activity', customerId: string): Promise<string[]> =>
  (await tx.query<{ id: string }>(`SELECT id FROM ${table} WHERE customer_id = $1 ORDER BY id`, [customerId])).map(
    ({ id }) => id,
  );

async function moveContacts(
  tx: Tx,
  moving: readonly Contact[],
  toId: string,
  isPrimary: (contact: Contact) => boolean,
): Promise<void> {
  if (moving.length === 0) return;
  for (const contact of moving) tx.publish(contact.moveTo(toId, isPrimary(contact)));
  await tx.query(
    `UPDATE contact c SET customer_id = $1, is_primary = m.is_primary, version = c.version + 1
       FROM unnest($2::uuid[], $3::boolean[]) AS m (id, is_primary) WHERE c.id = m.id`,
    [toId, moving.map(({ id }) => id), moving.map((contact) => contact.isPrimary)],
  );
}

const activities: Belongings = {
  kind: 'activity',
  table: 'activity',
  label: 'summary',
  async move(tx, fromId, toId) {
    const moving = await idsOf(tx, 'activity', fromId);
    await moveActivities(tx, moving, toId);
    return moving.map((id) => ({ id, before: {} }));
  },
  async giveBack(tx, fromId, toId, moved) {
    const there = new Set(await idsOf(tx, 'activity', fromId));
    await moveActivities(
      tx,
      moved.map(({ id }) => id).filter((id) => there.has(id)),
      toId,
    );
  },
};

async function moveActivities(tx: Tx, ids: readonly string[], toId: string): Promise<void> {
  if (ids.length === 0) return;
  const moving = await tx.findAll(Activity, ids);
  tx.publish(...moving.map((activity) => activity.moveTo(toId)));
  await tx.query('UPDATE activity SET customer_id = $1, version = version + 1 WHERE id = ANY($2)', [toId, ids]);
}

const orders: Belongings = {
  kind: 'order',
  table: 'sales_order',
  label: 'key',
  shownBy: 'order.read',
  async move(tx, fromId, toId) {
    const moving = await tx.query<{ id: string }>(
      'SELECT id FROM sales_order WHERE customer_id = $1 ORDER BY id FOR UPDATE',
      [fromId],
    );
    await moveOrders(tx, moving, fromId, toId);
    return moving.map(({ id }) => ({ id, before: {} }));
  },
  /**
   * What the sales system says stands: orders that name the merged customer go to it, those that name the survivor stay. Of the rest,
   * which name neither any more, those go back that were moved.
   */
  async giveBack(tx, fromId, toId, moved) {
    const returning = await tx.query<{ id: string }>(
      `WITH named AS (SELECT coalesce(survivor_id, id) AS id, ref FROM customer, unnest(ARRAY[code, external_ref]) AS ref
                       WHERE (id IN ($1, $2) OR survivor_id IN ($1, $2)) AND ref IS NOT NULL)
       SELECT o.id FROM sales_order o
        WHERE o.customer_id = $1
          AND (EXISTS (SELECT FROM named n WHERE n.id = $2 AND n.ref = o.customer_ref)
               OR o.id = ANY ($3) AND NOT EXISTS (SELECT FROM named n WHERE n.id = $1 AND n.ref = o.customer_ref))
        ORDER BY o.id FOR UPDATE OF o`,
      [fromId, toId, moved.map(({ id }) => id)],
    );
    await moveOrders(tx, returning, fromId, toId);
  },
};

async function moveOrders(tx: Tx, moving: readonly { id: string }[], fromId: string, toId: string): Promise<void> {
  const ids = moving.map(({ id }) => id);
  if (ids.length === 0) return;
  await tx.query('UPDATE sales_order SET customer_id = $1 WHERE id = ANY($2)', [toId, ids]);
  await noteLastOrders(tx, [fromId, toId]);
  await publishOrders(tx, ids);
}

/** In the order in which they are locked. */
export const BELONGINGS: readonly Belongings[] = [contacts, activities, orders, churnAlerts];

/** The service of tickets moves them when it hears of the merge; here they are known by the timelines of whom the customer stands for. */
const TICKETS = {
  kind: 'ticket',
  label: 'code',
  shownBy: 'ticket.read',
  table: `(
    SELECT DISTINCT ON (details->>'ticketId') (details->>'ticketId')::uuid AS id, details->>'code' AS code,
           CASE act WHEN 'ticket-moved' THEN successor_of((details->>'to')::uuid) WHEN 'ticket-withdrawn' THEN NULL ELSE $1::uuid END AS customer_id
      FROM customer_history h WHERE act LIKE 'ticket-%' AND customer_id IN (SELECT $1::uuid UNION ALL SELECT id FROM customer WHERE survivor_id = $1)
     ORDER BY details->>'ticketId', h.id DESC) AS ticket`,
} as const;

/** How many of each kind hang on a customer, and some of them. */
export const countBelongings = (tx: Tx, customerId: string): Promise<MergePreview['moves']> =>
  Promise.all(
    [...BELONGINGS, TICKETS].map(async ({ kind, table, label, shownBy }) => {
      const shown = shownBy ? visibleTo({ kind, table, readRight: shownBy }, tx.actor, []) : 'true';
      const [row] = await tx.query<{ count: number; samples: { id: string; label: string }[] }>(
        `SELECT (SELECT count(*)::int FROM ${table} WHERE customer_id = $1) AS count,
                (SELECT coalesce(json_agg(s), '[]')
                   FROM (SELECT id, ${label}::text AS label FROM ${table} WHERE customer_id = $1 AND ${shown} ORDER BY id DESC LIMIT 5) s) AS samples`,
        [customerId],
      );
      return { kind, ...row! };
    }),
  );

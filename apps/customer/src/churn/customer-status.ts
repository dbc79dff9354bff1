import type { CustomerStatus } from '#contracts';
import type { Tx } from '#platform';
import type { Customer } from '../customer/customer.entity.js';

/** Locked customers become at risk, lost or active again. No new version: nobody's edit could overwrite a status. */
export async function setStatus(tx: Tx, customers: readonly Customer[], status: CustomerStatus): Promise<void> {
  tx.publish(...customers.flatMap((customer) => customer.become(status) ?? []));
  await tx.query('UPDATE customer SET status = $2 WHERE id = ANY($1)', [customers.map(({ id }) => id), status]);
}

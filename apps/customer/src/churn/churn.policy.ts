import type { RecordPolicy } from '#platform';
import { ChurnAlert } from './churn-alert.entity.js';

/** An alert is its customer's owner's; those of deleted customers are hidden until the customer is back. On the alias `c`. */
const alive = 'c.deleted_at IS NULL';
const owned = 'c.owner_id = :actor';
const customer = 'SELECT FROM customer c WHERE c.id = t.customer_id';

export const ChurnAlertPolicy: RecordPolicy = {
  kind: 'churn-alert',
  entity: ChurnAlert,
  table: 'churn_alert',
  readRight: 'churn.read',
  alive: `EXISTS (${customer} AND ${alive})`,
  owned: `EXISTS (${customer} AND ${owned})`,
};

/** The same where alerts are read with their customers. */
export const ALERTS_WITH_CUSTOMERS = 'churn_alert t JOIN customer c ON c.id = t.customer_id';
export const AlertWithCustomerPolicy: RecordPolicy = { ...ChurnAlertPolicy, alive, owned };

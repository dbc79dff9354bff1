import { z } from 'zod';
import { defineRoutes } from './define-routes.js';
import { CalendarDate, Id, Instant, page, text, Version } from './fields.js';
import { JobView } from './jobs.api.js';

export const CHURN_ALERT_STATUSES = ['warning', 'postponed', 'lost', 'recovered'] as const;
export type ChurnAlertStatus = (typeof CHURN_ALERT_STATUSES)[number];

/** `date`: when the measure was or will be taken; today, where it is not given. */
export const ChurnMeasureInput = z.strictObject({ measure: text(2000), date: CalendarDate.optional() });
export type ChurnMeasureInput = z.infer<typeof ChurnMeasureInput>;
export const ChurnLoss = z.strictObject({ reason: text(2000) });
/** `asOf`: the day that is looked at; today, where it is not given. */
export const ChurnScanInput = z.strictObject({ asOf: CalendarDate.optional() }).prefault({});
export type ChurnScanInput = z.infer<typeof ChurnScanInput>;

export const ChurnMeasureView = z.object({ date: CalendarDate, measure: z.string(), authorId: Id });
export type ChurnMeasureView = z.infer<typeof ChurnMeasureView>;
export const ChurnAlertView = z
  .object({
    id: Id,
    version: Version,
    customerId: Id,
    customerCode: z.string(),
    customerName: z.string(),
    ownerId: Id.nullable().meta({ description: 'The owner of the customer' }),
    status: z.enum(CHURN_ALERT_STATUSES),
    lastOrderDate: CalendarDate.nullable().meta({ description: 'When the alert was raised; null: never ordered' }),
    since: CalendarDate.meta({ description: 'Counted from here: the last order, or the day they became a customer' }),
    asOf: CalendarDate.meta({ description: 'The day that the scan looked at' }),
    raisedAt: Instant,
    measures: z.array(ChurnMeasureView),
    reason: z.string().nullable(),
    lostAt: Instant.nullable(),
    recoveredAt: Instant.nullable(),
  })
  .meta({ id: 'ChurnAlert' });
export type ChurnAlertView = z.infer<typeof ChurnAlertView>;

export const ChurnRoutes = defineRoutes('customer', 'churn', {
  listChurnAlerts: {
    method: 'GET',
    path: '/churn-alerts',
    access: 'churn.read',
    summary: 'Churn alerts · 流失预警列表',
    list: {
      filters: {
        status: CHURN_ALERT_STATUSES,
        ownerId: 'id',
        customerId: 'id',
        raisedAt: 'instant',
        lastOrderDate: 'date',
        lostAt: 'instant',
      },
      sorts: ['raisedAt', 'since'],
      defaultSort: '-raisedAt',
      search: true,
    },
    response: page(ChurnAlertView),
  },
  getChurnAlert: {
    method: 'GET',
    path: '/churn-alerts/:id',
    access: 'churn.read',
    summary: 'One churn alert with its measures · 流失预警详情',
    response: ChurnAlertView,
    record: 'churn-alert',
  },
  postponeChurnAlert: {
    method: 'POST',
    path: '/churn-alerts/:id/postpone',
    access: 'churn.handle',
    summary: 'Postpone the loss, with the measure taken · 暂缓流失',
    body: ChurnMeasureInput,
    response: ChurnAlertView,
    record: 'churn-alert',
  },
  addChurnMeasure: {
    method: 'POST',
    path: '/churn-alerts/:id/measures',
    access: 'churn.handle',
    summary: 'Add a measure while the alert is open · 追加暂缓措施',
    body: ChurnMeasureInput,
    response: ChurnAlertView,
    record: 'churn-alert',
  },
  confirmChurnLoss: {
    method: 'POST',
    path: '/churn-alerts/:id/confirm',
    access: 'churn.handle',
    summary: 'Confirm the loss, with its reason · 确认流失',
    body: ChurnLoss,
    response: ChurnAlertView,
    record: 'churn-alert',
  },
  startChurnScan: {
    method: 'POST',
    path: '/churn-scans',
    access: 'churn.scan',
    summary: 'Raise an alert for each customer at risk, as of today or an earlier day · 执行流失扫描',
    body: ChurnScanInput,
    response: JobView,
    status: 202,
  },
});

import type { Bilingual } from '#contracts';
import { type Act, copyActs, type History, recordActs, type Tx } from '#platform';

/** What can happen to a customer (CUS-4): what people and the sales system did, and what other services tell by events. */
export const CUSTOMER_ACTS = {
  created: { en: 'created', zh: '创建' },
  edited: { en: 'edited', zh: '修改' },
  deleted: { en: 'deleted', zh: '删除' },
  restored: { en: 'restored', zh: '恢复' },
  'opportunity-linked': { en: 'opportunity linked', zh: '关联销售机会' },
  'contact-added': { en: 'contact added', zh: '新增联系人' },
  'contact-edited': { en: 'contact edited', zh: '修改联系人' },
  'contact-removed': { en: 'contact removed', zh: '删除联系人' },
  'activity-recorded': { en: 'activity recorded', zh: '录入交往记录' },
  'activity-edited': { en: 'activity edited', zh: '修改交往记录' },
  'activity-removed': { en: 'activity removed', zh: '删除交往记录' },
  'order-recorded': { en: 'order recorded', zh: '收到订单' },
  'order-changed': { en: 'order changed', zh: '订单变更' },
  'order-cancelled': { en: 'order cancelled', zh: '订单取消' },
  'order-moved': { en: 'order moved', zh: '订单归属变更' },
  transferred: { en: 'transferred', zh: '移交' },
  merged: { en: 'merged', zh: '合并' },
  'merge-undone': { en: 'merge undone', zh: '撤销合并' },
  'churn-alert-raised': { en: 'churn alert raised', zh: '流失预警' },
  'churn-postponed': { en: 'churn postponed', zh: '暂缓流失' },
  'churn-measure-added': { en: 'churn measure added', zh: '追加暂缓措施' },
  'churn-recovered': { en: 'churn recovered', zh: '流失预警解除' },
  lost: { en: 'lost', zh: '确认流失' },
  reactivated: { en: 'reactivated', zh: '重新激活' },
  'ticket-created': { en: 'ticket created', zh: '创建服务单' },
  'ticket-moved': { en: 'ticket moved', zh: '服务单归属变更' },
  'ticket-assigned': { en: 'ticket assigned', zh: '分配服务单' },
  'ticket-handled': { en: 'ticket handled', zh: '处理服务单' },
  'ticket-returned': { en: 'ticket returned', zh: '退回服务单' },
  'ticket-archived': { en: 'ticket archived', zh: '归档服务单' },
  'ticket-withdrawn': { en: 'ticket withdrawn', zh: '撤回服务单' },
} as const satisfies Record<string, Bilingual>;
export type CustomerAct = keyof typeof CUSTOMER_ACTS;

export const CUSTOMER_HISTORY: History = { table: 'customer_history', record: 'customer_id' };

/** Puts acts on the timelines of their customers, in the transaction of the acts; many at once for work on many customers. */
export const recordCustomerActs = (tx: Tx, acts: readonly Act<CustomerAct>[]): Promise<void> =>
  recordActs(tx, CUSTOMER_HISTORY, acts);

/** The same for thousands of them; wait for it, and for other copies, before anything else. */
export const copyCustomerActs = (tx: Tx, acts: readonly Act<CustomerAct>[]): Promise<void> =>
  copyActs(tx, CUSTOMER_HISTORY, acts);

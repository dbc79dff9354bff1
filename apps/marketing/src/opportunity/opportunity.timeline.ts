import type { Bilingual } from '#contracts';
import { type Act as ActOf, copyActs as copy, type History, recordActs as record, type Tx } from '#platform';

export const OPPORTUNITY_ACTS = {
  created: { en: 'created', zh: '创建' },
  edited: { en: 'edited', zh: '修改' },
  'stage-changed': { en: 'stage changed', zh: '变更阶段' },
  assigned: { en: 'assigned', zh: '指派' },
  reassigned: { en: 'reassigned', zh: '改派' },
  'plan-item-added': { en: 'plan item added', zh: '新增计划项' },
  'plan-item-changed': { en: 'plan item changed', zh: '修改计划项' },
  'plan-item-removed': { en: 'plan item removed', zh: '删除计划项' },
  'plan-item-executed': { en: 'plan item executed', zh: '执行计划项' },
  won: { en: 'won', zh: '开发成功' },
  lost: { en: 'lost', zh: '开发失败' },
  linked: { en: 'linked to its customer', zh: '关联客户' },
  imported: { en: 'imported', zh: '导入' },
} as const satisfies Record<string, Bilingual>;
export type Act = keyof typeof OPPORTUNITY_ACTS;

const HISTORY: History = { table: 'opportunity_history', record: 'opportunity_id' };

/** Keeps who did what, from what to what (MKT-10), in the transaction of the act itself. */
export const recordAct = (tx: Tx, opportunityId: string, act: Act, details: object = {}): Promise<void> =>
  recordActs(tx, [{ recordId: opportunityId, act, details }]);

/** The same of many at once. */
export const recordActs = (tx: Tx, acts: readonly ActOf<Act>[]): Promise<void> => record(tx, HISTORY, acts);

/** The same of a great many; wait for it, and for other copies, before anything else. */
export const copyActs = (tx: Tx, acts: readonly ActOf<Act>[]): Promise<void> => copy(tx, HISTORY, acts);

import { type Act as ActOf, copyActs as copy, type History, recordActs as record, type Tx } from '#platform';

export type Act =
  | 'created'
  | 'edited'
  | 'stage-changed'
  | 'assigned'
  | 'reassigned'
  | 'plan-item-added'
  | 'plan-item-changed'
  | 'plan-item-removed'
  | 'plan-item-executed'
  | 'won'
  | 'lost'
  | 'linked'
  | 'imported';

const HISTORY: History = { table: 'opportunity_history', record: 'opportunity_id' };

/** Keeps who did what, from what to what (MKT-10), in the transaction of the act itself. */
export const recordAct = (tx: Tx, opportunityId: string, act: Act, details: object = {}): Promise<void> =>
  recordActs(tx, [{ recordId: opportunityId, act, details }]);

/** The same of many at once. */
export const recordActs = (tx: Tx, acts: readonly ActOf<Act>[]): Promise<void> => record(tx, HISTORY, acts);

/** The same of a great many; wait for it before anything else. */
export const copyActs = (tx: Tx, acts: readonly ActOf<Act>[]): Promise<void> => copy(tx, HISTORY, acts);

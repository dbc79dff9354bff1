import { type Act as ActOf, type History, recordActs as record, type Tx } from '#platform';

export type Act = 'created' | 'edited' | 'assigned' | 'handled' | 'returned' | 'archived' | 'withdrawn' | 'moved';

const HISTORY: History = { table: 'ticket_history', record: 'ticket_id' };

/** Keeps who did what, from what to what (SVC-7), in the transaction of the act itself. */
export const recordAct = (tx: Tx, ticketId: string, act: Act, details: object = {}): Promise<void> =>
  recordActs(tx, [{ recordId: ticketId, act, details }]);

/** The same of many at once. */
export const recordActs = (tx: Tx, acts: readonly ActOf<Act>[]): Promise<void> => record(tx, HISTORY, acts);

import { type History, recordActs, type Tx } from '#platform';

export type Act = 'created' | 'edited' | 'assigned' | 'handled' | 'returned' | 'archived' | 'withdrawn';

const HISTORY: History = { table: 'ticket_history', record: 'ticket_id' };

/** Keeps who did what, from what to what (SVC-7), in the transaction of the act itself. */
export const recordAct = (tx: Tx, ticketId: string, act: Act, details: object = {}): Promise<void> =>
  recordActs(tx, HISTORY, [{ recordId: ticketId, act, details }]);

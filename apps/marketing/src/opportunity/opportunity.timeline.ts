import { Id } from '#contracts';
import type { Tx } from '#platform';

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
  | 'linked';

/** Keeps who did what, from what to what (MKT-10), in the transaction of the act itself. */
export async function recordAct(tx: Tx, opportunityId: string, act: Act, details: object = {}): Promise<void> {
  await tx.query('INSERT INTO opportunity_history (opportunity_id, actor_id, act, details) VALUES ($1, $2, $3, $4)', [
    opportunityId,
    // An event that nobody caused has no actor.
    Id.safeParse(tx.actor.id).success ? tx.actor.id : null,
    act,
    JSON.stringify(details),
  ]);
}

import { type Touched, type Tx, undoInChunks, type UndoJob, undone } from '#platform';
import { In } from 'typeorm';
import { Opportunity } from '../opportunity/opportunity.entity.js';

/** Removes the opportunities that an import made, except those that somebody has touched since, and those that have a customer. */
export const undoOpportunities = (job: UndoJob): Promise<void> =>
  undoInChunks(job, async (tx, made) => {
    const touched = await touchedSince(
      tx,
      job.undoes,
      made.map(({ recordId }) => recordId),
    );
    const ids = touched.filter(({ acts }) => acts === null).map(({ id }) => id);
    const opportunities = await tx.manager.find(Opportunity, { where: { id: In(ids) } });
    tx.publish(...opportunities.map((opportunity) => opportunity.takeBack()));
    await tx.query('DELETE FROM opportunity WHERE id = ANY ($1)', [ids]);
    return undone(made, touched, 'deleted');
  });

/** All that happens to an opportunity stands on its timeline. A win has made a customer, or is about to. The rows stay locked. */
async function touchedSince(tx: Tx, jobId: string, ids: readonly string[]): Promise<Touched[]> {
  await tx.query('SELECT id FROM opportunity WHERE id = ANY ($1) ORDER BY id FOR UPDATE', [ids]);
  return tx.query<Touched>(
    `SELECT o.id, o.code,
            CASE WHEN o.status = 'won' THEN 'customer_made'
                 ELSE (SELECT string_agg(DISTINCT h.act, ', ') FROM opportunity_history h
                        WHERE h.opportunity_id = o.id AND h.details->>'jobId' IS DISTINCT FROM $2) END AS acts
       FROM opportunity o WHERE o.id = ANY ($1)`,
    [ids, jobId],
  );
}

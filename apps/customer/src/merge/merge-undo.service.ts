import { CrmError, type MergeView } from '#contracts';
import { type Tx, UnitOfWork, type RequestContext } from '#platform';
import { Injectable } from '@nestjs/common';
import type { Customer } from '../customer/customer.entity.js';
import { requireFreeRef } from '../customer/customer.service.js';
import { noteSearchText } from '../customer/customer-search.js';
import { showKeys } from '../duplicate/known-keys.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';
import { BELONGINGS } from './belongings.js';
import type { Moved } from './moved.js';
import { CustomerMerge } from './customer-merge.entity.js';
import { lockPair } from './merge-locks.js';
import { mergeView } from './merge.queries.js';
import { still, withoutTaken } from './merge.rules.js';

/** Gives back what a merge moved and is still there; what came to the survivor since then stays with it. */
@Injectable()
export class MergeUndoService {
  constructor(private readonly uow: UnitOfWork) {}

  undo(context: RequestContext, mergeId: string): Promise<MergeView> {
    return this.uow.run(context, async (tx) => {
      const known = await tx.manager.findOneBy(CustomerMerge, { id: mergeId });
      if (!known) throw new CrmError('not-found');
      const { mergedId, intoId } = known;
      const [merged, into] = await lockPair(tx, mergedId, intoId);
      const merge = (await tx.find(CustomerMerge, { id: mergeId }))!;
      merge.undo(tx.actor.id);
      await requireStanding(tx, into);
      const { taken } = merge;
      const opportunity = still(into, taken.facts, 'sourceOpportunityId') ? into.sourceOpportunityId : undefined;
      tx.publish(into.assume(withoutTaken(into, taken)));
      if (opportunity) Object.assign(merged, { sourceOpportunityId: opportunity });
      tx.publish(merged.unmerge(intoId, mergeId));
      tx.requireScope('customer.merge', into.ownerId);
      // In this order: what the first gets back is the second one's until then.
      await tx.save(into);
      await requireFreeRef(tx, merged);
      await tx.save(merged);
      await tx.save(merge);
      await takeAlong(tx, mergedId);
      await this.giveBack(tx, merge);
      await showKeys(tx, mergedId);
      await noteSearchText(tx, merged);
      await noteSearchText(tx, into);
      const details = { mergeId, mergedId, intoId };
      await recordCustomerActs(tx, [
        { recordId: mergedId, act: 'merge-undone', details },
        { recordId: intoId, act: 'merge-undone', details: { ...details, code: merged.code, name: merged.name } },
      ]);
      return mergeView(tx, mergeId);
    });
  }

  private async giveBack(tx: Tx, { id, mergedId, intoId }: CustomerMerge): Promise<void> {
    for (const belongings of BELONGINGS) {
      const moved = await tx.query<Moved>(
        'SELECT record_id AS id, before FROM customer_merge_move WHERE merge_id = $1 AND kind = $2 ORDER BY record_id',
        [id, belongings.kind],
      );
      await belongings.giveBack(tx, intoId, mergedId, moved);
    }
  }
}

/** Merges are undone from the end of a chain. @throws CrmError survivor-merged, survivor-deleted */
async function requireStanding(tx: Tx, { id, code, survivorId, deletedAt }: Customer): Promise<void> {
  if (survivorId) {
    const [later] = await tx.query<{ id: string }>(
      'SELECT id FROM customer_merge WHERE merged_id = $1 AND undone_at IS NULL',
      [id],
    );
    throw new CrmError('survivor-merged', { code, mergeId: later!.id });
  }
  if (deletedAt) throw new CrmError('survivor-deleted', { code });
}

/** Customers that had been merged into the one that stands for itself again are its own again. */
const takeAlong = (tx: Tx, id: string) =>
  tx.query(
    `WITH RECURSIVE own AS (
       SELECT merged_id FROM customer_merge WHERE into_id = $1 AND undone_at IS NULL
       UNION SELECT m.merged_id FROM customer_merge m JOIN own ON m.into_id = own.merged_id WHERE m.undone_at IS NULL)
     UPDATE customer SET survivor_id = $1 WHERE id IN (SELECT merged_id FROM own)`,
    [id],
  );

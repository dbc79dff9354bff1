import { CrmError, type MergedCustomerView, type MergePreview } from '#contracts';
import { type Tx, UnitOfWork, type RequestContext } from '#platform';
import { Injectable } from '@nestjs/common';
import { Customer } from '../customer/customer.entity.js';
import { isVisible, MergeableCustomerPolicy, requireVisible } from '../customer/customer.policy.js';
import { noteSearchText } from '../customer/customer-search.js';
import { hideKeys } from '../duplicate/known-keys.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';
import { BELONGINGS, countBelongings } from './belongings.js';
import { CustomerMerge } from './customer-merge.entity.js';
import { lockPair, unknownSurvivor } from './merge-locks.js';
import { compareFields, conflictsOf, takenOver, withTaken } from './merge.rules.js';

/** Two customers become one (CUS-6): everything that hangs on the first moves to the second, which answers for both from then on. */
@Injectable()
export class MergeService {
  constructor(private readonly uow: UnitOfWork) {}

  preview(context: RequestContext, id: string, intoId: string): Promise<MergePreview> {
    return this.uow.run(context, async (tx) => {
      const [merged, into] = await loadPair(tx, id, intoId);
      return {
        mergedId: id,
        intoId,
        moves: await countBelongings(tx, id),
        fields: compareFields(merged, into),
        tags: withTaken(into, takenOver(merged, into)).tags ?? [],
      };
    });
  }

  merge(context: RequestContext, id: string, intoId: string): Promise<MergedCustomerView> {
    return this.uow.run(context, async (tx) => {
      const [merged, into] = await loadPair(tx, id, intoId);
      const taken = takenOver(merged, into);
      const conflicts = conflictsOf(merged, into);
      const merge = CustomerMerge.of(id, intoId, tx.actor.id, taken);
      tx.publish(merged.mergeInto(intoId, merge.id));
      // One opportunity has one customer.
      if (taken.facts.sourceOpportunityId) Object.assign(merged, { sourceOpportunityId: null });
      tx.publish(into.assume(withTaken(into, taken)));
      // In this order: what the second takes over is the first one's until then.
      await tx.save(merged);
      await tx.save(into);
      await tx.query('UPDATE customer SET survivor_id = $2 WHERE survivor_id = $1', [id, intoId]);
      await tx.insert(merge);
      for (const belongings of BELONGINGS) {
        const moved = await belongings.move(tx, id, intoId);
        await tx.query(
          `INSERT INTO customer_merge_move (merge_id, kind, record_id, before)
           SELECT $1, $2, m.id, m.before FROM jsonb_to_recordset($3::jsonb) AS m (id uuid, before jsonb)`,
          [merge.id, belongings.kind, JSON.stringify(moved)],
        );
      }
      await hideKeys(tx, id);
      await noteSearchText(tx, into);
      const details = {
        mergeId: merge.id,
        mergedId: id,
        code: merged.code,
        name: merged.name,
        taken: Object.keys(taken.facts),
        conflicts,
      };
      await recordCustomerActs(tx, [{ recordId: intoId, act: 'merged', details }]);
      return { ...(await survivorView(tx, intoId)), mergeId: merge.id };
    });
  }
}

/** The order of refusals: what is not there, what is stale, what makes no sense, what the state forbids. */
async function loadPair(tx: Tx, id: string, intoId: string): Promise<[Customer, Customer]> {
  await requireVisible(tx, tx.actor, id, MergeableCustomerPolicy);
  if (id === intoId)
    throw new CrmError('merge-into-itself', {}, [
      { path: 'intoId', code: 'merge-into-itself', message: 'must name another customer · 必须是另一客户' },
    ]);
  const [merged, into] = await lockPair(tx, id, intoId);
  if (merged.deletedAt && !merged.survivorId) throw new CrmError('not-found');
  tx.requireVersion(merged);
  if (!(await isVisible(tx, tx.actor, intoId, MergeableCustomerPolicy))) throw unknownSurvivor();
  for (const customer of [merged, into])
    if (customer.survivorId) {
      const survivor = await tx.manager.findOneByOrFail(Customer, { id: customer.survivorId });
      throw new CrmError('already-merged', { code: customer.code, into: survivor.code, survivorId: survivor.id });
    }
  for (const { ownerId } of [merged, into]) tx.requireScope('customer.merge', ownerId);
  return [merged, into];
}

/** With the last order's date, which the orders' move has written. */
async function survivorView(tx: Tx, id: string) {
  return (await tx.find(Customer, { id }))!.view();
}

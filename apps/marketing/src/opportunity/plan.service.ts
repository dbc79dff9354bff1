import { CrmError, type PlanItemChanges, type PlanItemInput, type PlanItemView } from '#contracts';
import { together, type Tx, UnitOfWork, type RequestContext } from '#platform';
import { Injectable } from '@nestjs/common';
import { Opportunity } from './opportunity.entity.js';
import { recordAct } from './opportunity.timeline.js';
import { PlanItem } from './plan-item.entity.js';

/** The development plan (MKT-5): the assignee works on it while the opportunity is assigned. */
@Injectable()
export class PlanService {
  constructor(private readonly uow: UnitOfWork) {}

  add(context: RequestContext, id: string, input: PlanItemInput): Promise<PlanItemView> {
    return this.uow.run(context, async (tx) => {
      const opportunity = await tx.load(Opportunity, id);
      this.requireDeveloper(tx, opportunity);
      const item = PlanItem.plan(opportunity.id, input);
      tx.publish(item.added());
      await together([
        tx.insert(item),
        recordAct(tx, opportunity.id, 'plan-item-added', { planItemId: item.id, ...input }),
      ]);
      return item.view();
    });
  }

  change(context: RequestContext, id: string, itemId: string, changes: PlanItemChanges): Promise<PlanItemView> {
    return this.uow.run(context, async (tx) => {
      const item = await this.load(tx, id, itemId);
      const { date, todo } = item;
      const changed = item.change(changes);
      if (!changed) return item.view();
      tx.publish(changed);
      const details = { planItemId: item.id, from: { date, todo }, to: { date: item.date, todo: item.todo } };
      await together([tx.save(item), recordAct(tx, item.opportunityId, 'plan-item-changed', details)]);
      return item.view();
    });
  }

  remove(context: RequestContext, id: string, itemId: string): Promise<void> {
    return this.uow.run(context, async (tx) => {
      const item = await this.load(tx, id, itemId);
      tx.publish(item.remove());
      await tx.remove(item);
      const { date, todo } = item;
      await recordAct(tx, item.opportunityId, 'plan-item-removed', { planItemId: item.id, date, todo });
    });
  }

  execute(context: RequestContext, id: string, itemId: string, result: string): Promise<PlanItemView> {
    return this.uow.run(context, async (tx) => {
      const item = await this.load(tx, id, itemId);
      tx.publish(item.execute(result));
      const details = { planItemId: item.id, todo: item.todo, result };
      await together([tx.save(item), recordAct(tx, item.opportunityId, 'plan-item-executed', details)]);
      return item.view();
    });
  }

  /** The opportunity is locked first, so that a win waits for a change of its plan and the other way round. */
  private async load(tx: Tx, id: string, itemId: string): Promise<PlanItem> {
    const [opportunity, item] = await together([
      tx.load(Opportunity, id),
      tx.find(PlanItem, { id: itemId, opportunityId: id }),
    ]);
    if (!item) throw new CrmError('not-found');
    tx.requireVersion(item);
    this.requireDeveloper(tx, opportunity);
    return item;
  }

  private requireDeveloper(tx: Tx, opportunity: Opportunity): void {
    opportunity.requireDevelopment();
    tx.requireScope('opportunity.develop', opportunity.assigneeId);
  }
}

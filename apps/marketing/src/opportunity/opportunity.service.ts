import {
  CrmError,
  type NewEvent,
  type OpportunityChanges,
  type OpportunityInput,
  type OpportunityView,
} from '#contracts';
import {
  constraintOf,
  Dictionary,
  People,
  runSql,
  together,
  type Tx,
  UnitOfWork,
  type RequestContext,
} from '#platform';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Opportunity } from './opportunity.entity.js';
import { type Act, recordAct } from './opportunity.timeline.js';
import type { Planned } from './plan-item.entity.js';

/** What happens to an opportunity: one method, one transaction. */
@Injectable()
export class OpportunityService {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly people: People,
    private readonly dictionary: Dictionary,
  ) {}

  create(context: RequestContext, input: OpportunityInput): Promise<OpportunityView> {
    return this.uow.run(context, async (tx) => {
      const [, first, code] = await together([
        typeof input.externalId === 'string' && lockExternalIds(tx, 'shared'),
        firstStage(tx.manager),
        tx.nextCode('opportunity'),
      ]);
      const stage = input.stage ?? first;
      await this.requireCodes(tx, { ...input, stage });
      const opportunity = Opportunity.create({ ...input, stage }, code, tx.actor.id);
      tx.publish(opportunity.created());
      await together([insertUnique(tx, opportunity), recordAct(tx, opportunity.id, 'created')]);
      return opportunity.view();
    });
  }

  update(context: RequestContext, id: string, changes: OpportunityChanges): Promise<OpportunityView> {
    return this.uow.run(context, async (tx) => {
      const opportunity = await tx.load(Opportunity, id);
      const { stage, ...others } = opportunity.differences(changes);
      await this.requireCodes(tx, {
        stage: stage && changes.stage,
        source: others.source && changes.source,
        region: others.region && changes.region,
      });
      const updated = opportunity.edit(changes);
      tx.requireScope('opportunity.update', opportunity.ownerId);
      if (!updated) return opportunity.view();
      await tx.save(opportunity);
      tx.publish(updated);
      if (stage) await recordAct(tx, opportunity.id, 'stage-changed', stage);
      if (Object.keys(others).length > 0) await recordAct(tx, opportunity.id, 'edited', others);
      return opportunity.view();
    });
  }

  delete(context: RequestContext, id: string): Promise<void> {
    return this.uow.run(context, async (tx) => {
      const opportunity = await tx.load(Opportunity, id);
      const deleted = opportunity.delete();
      tx.requireScope('opportunity.delete', opportunity.ownerId);
      await tx.remove(opportunity);
      tx.publish(deleted);
    });
  }

  assign(context: RequestContext, id: string, assigneeId: string): Promise<OpportunityView> {
    return this.uow.run(context, async (tx) => {
      const [opportunity] = await together([
        tx.load(Opportunity, id),
        this.people.requireEligible(tx, 'assigneeId', assigneeId, 'opportunity.develop'),
      ]);
      const from = opportunity.assigneeId;
      const assigned = opportunity.assign(assigneeId);
      tx.requireScope('opportunity.assign', opportunity.creatorId);
      if (!assigned) return opportunity.view();
      return this.store(tx, opportunity, assigned, from ? 'reassigned' : 'assigned', { from, to: assigneeId });
    });
  }

  win(context: RequestContext, id: string): Promise<OpportunityView> {
    return this.uow.run(context, async (tx) => {
      const [opportunity, plan] = await together([tx.load(Opportunity, id), planOf(tx, id)]);
      const won = opportunity.win(plan);
      tx.requireScope('opportunity.develop', opportunity.assigneeId);
      return this.store(tx, opportunity, won, 'won');
    });
  }

  lose(context: RequestContext, id: string, reason: string): Promise<OpportunityView> {
    return this.uow.run(context, async (tx) => {
      const opportunity = await tx.load(Opportunity, id);
      const lost = opportunity.lose(reason);
      tx.requireScope('opportunity.develop', opportunity.assigneeId);
      const open = (await planOf(tx, id)).filter(({ result }) => result === null);
      const notCarriedOut = open.map(({ id: planItemId, date, todo }) => ({ planItemId, date, todo }));
      return this.store(tx, opportunity, lost, 'lost', { reason, notCarriedOut });
    });
  }

  /** Runs in the transaction of the customer's event; said again, it changes nothing. */
  async link(tx: Tx, id: string, customerId: string): Promise<void> {
    const opportunity = await tx.find(Opportunity, { id });
    const linked = opportunity?.linkTo(customerId);
    if (opportunity && linked) await this.store(tx, opportunity, linked, 'linked', { customerId });
  }

  private async store(
    tx: Tx,
    opportunity: Opportunity,
    event: NewEvent,
    act: Act,
    details: object = {},
  ): Promise<OpportunityView> {
    tx.publish(event);
    await together([tx.save(opportunity), recordAct(tx, opportunity.id, act, details)]);
    return opportunity.view();
  }

  private requireCodes(tx: Tx, codes: Pick<OpportunityChanges, 'stage' | 'source' | 'region'>): Promise<void> {
    return this.dictionary.requireActive(tx, [
      { field: 'stage', type: 'opportunity_stage', code: codes.stage },
      { field: 'source', type: 'opportunity_source', code: codes.source },
      { field: 'region', type: 'region', code: codes.region },
    ]);
  }
}

const planOf = (tx: Tx, opportunityId: string): Promise<Planned[]> =>
  tx.query<Planned>('SELECT id, date, todo, result FROM plan_item WHERE opportunity_id = $1 ORDER BY date, id', [
    opportunityId,
  ]);

/** An import takes it, so that no row of it is refused in the middle; who brings in one record lets others do so too. */
export const lockExternalIds = (tx: Tx, mode: 'shared' | 'alone' = 'alone') =>
  tx.query(`SELECT pg_advisory_xact_lock${mode === 'shared' ? '_shared' : ''}(hashtext('opportunity-external-id'))`);

/** Where a new opportunity stands: the first stage that can be chosen. */
export async function firstStage(manager: EntityManager): Promise<string> {
  const [first] = await runSql<{ code: string }>(
    manager,
    `SELECT code FROM dictionary_entry WHERE type = 'opportunity_stage' AND active ORDER BY sort_order, code LIMIT 1`,
  );
  return first?.code ?? 'prospecting';
}

/** @throws CrmError already-exists when another system's id is known already */
async function insertUnique(tx: Tx, opportunity: Opportunity): Promise<void> {
  try {
    await tx.insert(opportunity);
  } catch (error) {
    throw constraintOf(error) === 'opportunity_external_id'
      ? new CrmError('already-exists', { field: 'externalId' }, [
          { path: 'externalId', code: 'already_exists', message: 'is known already · 已存在' },
        ])
      : error;
  }
}

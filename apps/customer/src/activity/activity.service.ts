import { CrmError, type ActivityChanges, type ActivityInput, type ActivityView } from '#contracts';
import { Dictionary, UnitOfWork, type Tx, type RequestContext } from '#platform';
import { Injectable } from '@nestjs/common';
import { Customer } from '../customer/customer.entity.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';
import { Activity } from './activity.entity.js';

/** Use cases: one method, one transaction. */
@Injectable()
export class ActivityService {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly dictionary: Dictionary,
  ) {}

  record(context: RequestContext, customerId: string, input: ActivityInput): Promise<ActivityView> {
    return this.uow.run(context, async (tx) => {
      const customer = await tx.load(Customer, customerId);
      await this.requireKind(tx, input.kind);
      await requireContact(tx, customerId, input.contactId);
      const activity = Activity.record(customerId, input, tx.actor.id);
      tx.requireScope('activity.write', customer.ownerId);
      tx.publish(activity.recorded());
      await Promise.all([
        tx.insert(activity),
        recordCustomerActs(tx, [{ recordId: customerId, act: 'activity-recorded', details: activity.gist }]),
      ]);
      return activity.view(customer.name);
    });
  }

  update(
    context: RequestContext,
    customerId: string,
    activityId: string,
    changes: ActivityChanges,
  ): Promise<ActivityView> {
    return this.uow.run(context, async (tx) => {
      const customer = await tx.load(Customer, customerId);
      const activity = await loadActivity(tx, customerId, activityId);
      // What was chosen before stays valid, even if it was retired or removed since.
      if (changes.kind !== activity.kind) await this.requireKind(tx, changes.kind);
      if (changes.contactId !== activity.contactId) await requireContact(tx, customerId, changes.contactId);
      const edited = activity.edit(changes);
      tx.requireScope('activity.write', customer.ownerId);
      if (!edited) return activity.view(customer.name);
      tx.publish(edited.event);
      const details = { ...activity.gist, changes: edited.changed };
      await Promise.all([
        tx.save(activity),
        recordCustomerActs(tx, [{ recordId: customerId, act: 'activity-edited', details }]),
      ]);
      return activity.view(customer.name);
    });
  }

  remove(context: RequestContext, customerId: string, activityId: string): Promise<void> {
    return this.uow.run(context, async (tx) => {
      const customer = await tx.load(Customer, customerId);
      const activity = await loadActivity(tx, customerId, activityId);
      tx.requireScope('activity.write', customer.ownerId);
      tx.publish(activity.removed());
      await tx.remove(activity);
      await recordCustomerActs(tx, [{ recordId: customerId, act: 'activity-removed', details: activity.gist }]);
    });
  }

  private requireKind(tx: Tx, kind: string | undefined): Promise<void> {
    return this.dictionary.requireActive(tx, [{ field: 'kind', type: 'activity_kind', code: kind }]);
  }
}

async function loadActivity(tx: Tx, customerId: string, activityId: string): Promise<Activity> {
  const activity = await tx.find(Activity, { id: activityId, customerId });
  if (!activity) throw new CrmError('not-found');
  tx.requireVersion(activity);
  return activity;
}

/** @throws CrmError unknown-reference when the contact is not one of that customer's */
async function requireContact(tx: Tx, customerId: string, contactId: string | null | undefined): Promise<void> {
  if (!contactId) return;
  const found = await tx.query('SELECT 1 FROM contact WHERE id = $1 AND customer_id = $2', [contactId, customerId]);
  if (found.length > 0) return;
  throw new CrmError('unknown-reference', { field: 'contactId' }, [
    { path: 'contactId', code: 'unknown-reference', message: 'names no contact of this customer · 不是该客户的联系人' },
  ]);
}

import { z } from 'zod';
import { CalendarDate, Id } from '../http/fields.js';
import { OpportunityView } from '../http/marketing.api.js';
import { defineEvent } from './define-event.js';

/** The opportunity as it is after the event. */
const Opportunity = OpportunityView.omit({ id: true, version: true }).extend({ opportunityId: Id });
const PlanItem = z.object({ opportunityId: Id, planItemId: Id, date: CalendarDate, todo: z.string() });

export const OpportunityCreated = defineEvent(
  'marketing.opportunity.created',
  1,
  'A chance for a new customer was recorded',
  Opportunity,
);
export const OpportunityUpdated = defineEvent(
  'marketing.opportunity.updated',
  1,
  'Facts of an opportunity were edited',
  Opportunity,
);
export const OpportunityAssigned = defineEvent(
  'marketing.opportunity.assigned',
  1,
  'An opportunity was given to an account manager, or from one to another',
  Opportunity.extend({ previousAssigneeId: Id.nullable() }),
);
export const OpportunityWon = defineEvent(
  'marketing.opportunity.won',
  1,
  'The development succeeded: the customer service creates the customer from it',
  Opportunity,
);
export const OpportunityLost = defineEvent('marketing.opportunity.lost', 1, 'The development failed', Opportunity);
export const OpportunityDeleted = defineEvent(
  'marketing.opportunity.deleted',
  1,
  'An unassigned opportunity was removed',
  z.object({ opportunityId: Id, code: z.string() }),
);
export const OpportunityLinked = defineEvent(
  'marketing.opportunity.linked',
  1,
  'The opportunity knows the customer that it became',
  z.object({ opportunityId: Id, customerId: Id }),
);
export const PlanItemAdded = defineEvent('marketing.opportunity.plan-item-added', 1, 'A step was planned', PlanItem);
export const PlanItemChanged = defineEvent(
  'marketing.opportunity.plan-item-changed',
  1,
  'A planned step was changed',
  PlanItem,
);
export const PlanItemRemoved = defineEvent(
  'marketing.opportunity.plan-item-removed',
  1,
  'A planned step was removed',
  PlanItem,
);
export const PlanItemExecuted = defineEvent(
  'marketing.opportunity.plan-item-executed',
  1,
  'A planned step was carried out',
  PlanItem.extend({ result: z.string() }),
);

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
  'A chance for a new customer was recorded · 录入了销售机会',
  Opportunity,
);
export const OpportunityUpdated = defineEvent(
  'marketing.opportunity.updated',
  1,
  'Facts of an opportunity were edited · 销售机会的内容被修改',
  Opportunity,
);
export const OpportunityAssigned = defineEvent(
  'marketing.opportunity.assigned',
  1,
  'An opportunity was given to an account manager, or from one to another · 销售机会被指派或改派给客户经理',
  Opportunity.extend({ previousAssigneeId: Id.nullable() }),
);
export const OpportunityWon = defineEvent(
  'marketing.opportunity.won',
  1,
  'The development succeeded: the customer service creates the customer from it · 开发成功:客户服务据此创建客户',
  Opportunity,
);
export const OpportunityLost = defineEvent(
  'marketing.opportunity.lost',
  1,
  'The development failed · 开发失败',
  Opportunity,
);
export const OpportunityDeleted = defineEvent(
  'marketing.opportunity.deleted',
  1,
  'An unassigned opportunity was removed · 未指派的销售机会被删除',
  z.object({ opportunityId: Id, code: z.string() }),
);
export const OpportunityLinked = defineEvent(
  'marketing.opportunity.linked',
  1,
  'The opportunity knows the customer that it became · 销售机会已知其成为的客户',
  z.object({ opportunityId: Id, customerId: Id }),
);
export const PlanItemAdded = defineEvent(
  'marketing.opportunity.plan-item-added',
  1,
  'A step was planned · 添加了计划项',
  PlanItem,
);
export const PlanItemChanged = defineEvent(
  'marketing.opportunity.plan-item-changed',
  1,
  'A planned step was changed · 计划项被修改',
  PlanItem,
);
export const PlanItemRemoved = defineEvent(
  'marketing.opportunity.plan-item-removed',
  1,
  'A planned step was removed · 计划项被删除',
  PlanItem,
);
export const PlanItemExecuted = defineEvent(
  'marketing.opportunity.plan-item-executed',
  1,
  'A planned step was carried out · 计划项已执行',
  PlanItem.extend({ result: z.string() }),
);

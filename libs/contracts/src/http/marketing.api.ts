import { z } from 'zod';
import { defineRoutes } from './define-routes.js';
import type { ListDefinition } from './list.js';
import {
  CalendarDate,
  PickedCode,
  Currency,
  Id,
  Instant,
  Name,
  page,
  Phone,
  PositiveMoney,
  refineDecimals,
  text,
  Version,
} from './fields.js';

export const OPPORTUNITY_STATUSES = ['unassigned', 'assigned', 'won', 'lost'] as const;
export type OpportunityStatus = (typeof OPPORTUNITY_STATUSES)[number];

const SuccessRate = z.int().min(0).max(100);
const optionalFields = {
  source: PickedCode.nullish(),
  stage: PickedCode.optional(),
  customerNeed: text(2000).nullish(),
  competitors: text(500).nullish(),
  region: PickedCode.nullish(),
  contactName: Name.nullish(),
  contactPhone: Phone.nullish(),
  expectedAmount: PositiveMoney.nullish(),
  currency: Currency.nullish(),
  expectedCloseDate: CalendarDate.nullish(),
};

/** An amount without a currency says nothing, so the two come together. */
export const OpportunityInput = z
  .strictObject({
    customerName: Name,
    summary: text(200),
    description: text(2000),
    successRate: SuccessRate,
    /** What another system calls it; unique. */
    externalId: text(100).nullish(),
    ...optionalFields,
  })
  .superRefine((input, context) => {
    if (input.expectedAmount && !input.currency)
      context.addIssue({
        code: 'custom',
        path: ['currency'],
        message: 'needed beside expectedAmount · 填写金额时必须填写货币',
      });
    refineDecimals(context, 'expectedAmount', input.expectedAmount, input.currency);
  });
export type OpportunityInput = z.infer<typeof OpportunityInput>;

export const OpportunityChanges = z.strictObject({
  customerName: Name.optional(),
  summary: text(200).optional(),
  description: text(2000).optional(),
  successRate: SuccessRate.optional(),
  ...optionalFields,
});
export type OpportunityChanges = z.infer<typeof OpportunityChanges>;

export const Assignment = z.strictObject({ assigneeId: Id.toLowerCase() });
export type Assignment = z.infer<typeof Assignment>;
export const Loss = z.strictObject({ reason: text(500) });
export type Loss = z.infer<typeof Loss>;
export const OpportunityView = z
  .object({
    id: Id,
    code: z.string(),
    version: Version,
    status: z.enum(OPPORTUNITY_STATUSES),
    stage: z.string(),
    source: z.string().nullable(),
    customerName: z.string(),
    summary: z.string(),
    description: z.string(),
    customerNeed: z.string().nullable(),
    competitors: z.string().nullable(),
    region: z.string().nullable(),
    successRate: SuccessRate,
    expectedAmount: z.string().nullable(),
    currency: z.string().nullable(),
    expectedCloseDate: CalendarDate.nullable(),
    contactName: z.string().nullable(),
    contactPhone: z.string().nullable(),
    creatorId: Id,
    createdAt: Instant,
    assigneeId: Id.nullable(),
    assignedAt: Instant.nullable(),
    closedAt: Instant.nullable(),
    closeReason: z.string().nullable(),
    customerId: Id.nullable(),
    externalId: z.string().nullable(),
  })
  .meta({ id: 'Opportunity' });
export type OpportunityView = z.infer<typeof OpportunityView>;

/** `act` is a verb such as `assigned`; `details` says from and to. */
export const TimelineEntry = z.object({
  at: Instant,
  actorId: Id.nullable(),
  act: z.string(),
  details: z.record(z.string(), z.unknown()),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;
export const TIMELINE_LIST = { filters: {}, sorts: ['at'], defaultSort: '-at' } as const satisfies ListDefinition;

export const MarketingRoutes = defineRoutes('marketing', 'opportunities', {
  listOpportunities: {
    method: 'GET',
    path: '/opportunities',
    access: 'opportunity.read',
    summary: 'Opportunities · 销售机会列表',
    list: {
      filters: {
        code: 'code',
        externalId: 'code',
        status: OPPORTUNITY_STATUSES,
        stage: 'code',
        source: 'code',
        region: 'code',
        customerId: 'id',
        assigneeId: 'id',
        creatorId: 'id',
        customerName: 'contains',
        successRate: 'int',
        expectedAmount: 'money',
        currency: 'code',
        createdAt: 'instant',
        assignedAt: 'instant',
        closedAt: 'instant',
        expectedCloseDate: 'date',
      },
      sorts: [
        'createdAt',
        'assignedAt',
        'closedAt',
        'expectedCloseDate',
        'successRate',
        'expectedAmount',
        'customerName',
      ],
      defaultSort: '-createdAt',
      search: true,
    },
    response: page(OpportunityView),
  },
  createOpportunity: {
    method: 'POST',
    path: '/opportunities',
    access: 'opportunity.create',
    summary: 'Create an opportunity · 创建销售机会',
    body: OpportunityInput,
    response: OpportunityView,
    status: 201,
  },
  getOpportunity: {
    method: 'GET',
    path: '/opportunities/:id',
    access: 'opportunity.read',
    summary: 'One opportunity · 销售机会详情',
    response: OpportunityView,
    record: 'opportunity',
  },
  updateOpportunity: {
    method: 'PATCH',
    path: '/opportunities/:id',
    access: 'opportunity.update',
    summary: 'Edit an opportunity · 编辑销售机会',
    body: OpportunityChanges,
    response: OpportunityView,
    record: 'opportunity',
  },
  deleteOpportunity: {
    method: 'DELETE',
    path: '/opportunities/:id',
    access: 'opportunity.delete',
    summary: 'Delete an unassigned opportunity · 删除未指派的销售机会',
    record: 'opportunity',
  },
  assignOpportunity: {
    method: 'POST',
    path: '/opportunities/:id/assign',
    access: 'opportunity.assign',
    summary: 'Assign or reassign · 指派',
    body: Assignment,
    response: OpportunityView,
    record: 'opportunity',
  },
  winOpportunity: {
    method: 'POST',
    path: '/opportunities/:id/win',
    access: 'opportunity.develop',
    summary: 'Win: the customer is created from it · 开发成功',
    response: OpportunityView,
    record: 'opportunity',
  },
  loseOpportunity: {
    method: 'POST',
    path: '/opportunities/:id/lose',
    access: 'opportunity.develop',
    summary: 'Lose, with a reason · 开发失败',
    body: Loss,
    response: OpportunityView,
    record: 'opportunity',
  },
  opportunityTimeline: {
    method: 'GET',
    path: '/opportunities/:id/timeline',
    access: 'opportunity.read',
    summary: 'What happened to the opportunity, newest first · 销售机会动态',
    list: TIMELINE_LIST,
    response: page(TimelineEntry),
    record: 'opportunity',
  },
});

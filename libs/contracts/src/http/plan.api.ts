import { z } from 'zod';
import { defineRoutes } from './define-routes.js';
import { CalendarDate, Id, Instant, page, text, Version } from './fields.js';

export const PlanItemInput = z.strictObject({ date: CalendarDate, todo: text(500) });
export type PlanItemInput = z.infer<typeof PlanItemInput>;
export const PlanItemChanges = z.strictObject({ date: CalendarDate.optional(), todo: text(500).optional() });
export type PlanItemChanges = z.infer<typeof PlanItemChanges>;
export const PlanItemResult = z.strictObject({ result: text(1000) });
export type PlanItemResult = z.infer<typeof PlanItemResult>;

/** A step that is open when the development fails stays on record as not carried out (MKT-7). */
export const PLAN_ITEM_STATUSES = ['open', 'carried_out', 'not_carried_out'] as const;
export const PlanItemView = z.object({
  id: Id,
  version: Version,
  status: z.enum(PLAN_ITEM_STATUSES),
  date: CalendarDate,
  todo: z.string(),
  result: z.string().nullable(),
  executedAt: Instant.nullable(),
});
export type PlanItemView = z.infer<typeof PlanItemView>;

/** The development plan of an opportunity (MKT-5). */
export const PlanRoutes = defineRoutes('marketing', 'opportunities', {
  listPlanItems: {
    method: 'GET',
    path: '/opportunities/:id/plan-items',
    access: 'opportunity.read',
    summary: 'The development plan · 客户开发计划',
    list: { filters: {}, sorts: ['date'], defaultSort: 'date' },
    response: page(PlanItemView),
    record: 'opportunity',
  },
  addPlanItem: {
    method: 'POST',
    path: '/opportunities/:id/plan-items',
    access: 'opportunity.develop',
    summary: 'Add a plan item · 添加计划项',
    body: PlanItemInput,
    response: PlanItemView,
    status: 201,
    record: 'opportunity',
  },
  getPlanItem: {
    method: 'GET',
    path: '/opportunities/:id/plan-items/:itemId',
    access: 'opportunity.read',
    summary: 'One plan item · 计划项详情',
    response: PlanItemView,
    record: 'opportunity',
  },
  changePlanItem: {
    method: 'PATCH',
    path: '/opportunities/:id/plan-items/:itemId',
    access: 'opportunity.develop',
    summary: 'Change a plan item · 修改计划项',
    body: PlanItemChanges,
    response: PlanItemView,
    record: 'opportunity',
  },
  removePlanItem: {
    method: 'DELETE',
    path: '/opportunities/:id/plan-items/:itemId',
    access: 'opportunity.develop',
    summary: 'Remove a plan item · 删除计划项',
    record: 'opportunity',
  },
  recordPlanItemResult: {
    method: 'POST',
    path: '/opportunities/:id/plan-items/:itemId/result',
    access: 'opportunity.develop',
    summary: 'Record what came of a plan item · 填写执行结果',
    body: PlanItemResult,
    response: PlanItemView,
    record: 'opportunity',
  },
});

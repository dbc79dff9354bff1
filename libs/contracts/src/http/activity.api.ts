import { z } from 'zod';
import { defineRoutes } from './define-routes.js';
import { Address, CalendarDate, PickedCode, Id, Instant, page, text, Version } from './fields.js';
import type { ListDefinition } from './list.js';

const activityFields = {
  place: Address.nullish(),
  detail: text(5000).nullish(),
  participants: text(500).nullish(),
  contactId: Id.nullish(),
  nextFollowUpDate: CalendarDate.nullish(),
  nextFollowUpTodo: text(500).nullish(),
};

export const FOLLOW_UP_NEEDS_DATE = 'needed beside nextFollowUpTodo · 填写跟进内容时必须填写日期';
/** What to do at a day that nobody knows would be found by nobody. */
export const ActivityInput = z
  .strictObject({ date: CalendarDate, kind: PickedCode, summary: text(200), ...activityFields })
  .refine(({ nextFollowUpDate, nextFollowUpTodo }) => !nextFollowUpTodo || nextFollowUpDate, {
    path: ['nextFollowUpDate'],
    error: FOLLOW_UP_NEEDS_DATE,
  });
export type ActivityInput = z.infer<typeof ActivityInput>;
export const ActivityChanges = z.strictObject({
  date: CalendarDate.optional(),
  kind: PickedCode.optional(),
  summary: text(200).optional(),
  ...activityFields,
});
export type ActivityChanges = z.infer<typeof ActivityChanges>;

export const ActivityView = z
  .object({
    id: Id,
    customerId: Id,
    customerName: z.string(),
    version: Version,
    date: CalendarDate,
    kind: z.string(),
    place: z.string().nullable(),
    summary: z.string(),
    detail: z.string().nullable(),
    participants: z.string().nullable(),
    contactId: Id.nullable().meta({ description: 'Stays when the contact is removed later' }),
    nextFollowUpDate: CalendarDate.nullable(),
    nextFollowUpTodo: z.string().nullable(),
    authorId: Id,
    createdAt: Instant,
  })
  .meta({ id: 'Activity' });
export type ActivityView = z.infer<typeof ActivityView>;

/** `ownerId` is the owner of the customer: whose follow-up it is. */
export const ACTIVITY_LIST = {
  filters: {
    date: 'date',
    kind: 'code',
    customerId: 'id',
    ownerId: 'id',
    authorId: 'id',
    contactId: 'id',
    nextFollowUpDate: 'date',
  },
  sorts: ['date', 'nextFollowUpDate'],
  defaultSort: '-date',
  search: true,
} as const satisfies ListDefinition;

export const ActivityRoutes = defineRoutes('customer', 'activities', {
  listActivities: {
    method: 'GET',
    path: '/activities',
    access: 'customer.read',
    summary: 'Activities with all customers · 全部交往记录',
    list: ACTIVITY_LIST,
    response: page(ActivityView),
  },
  listCustomerActivities: {
    method: 'GET',
    path: '/customers/:id/activities',
    access: 'customer.read',
    summary: 'Activities with a customer, newest first · 客户交往记录',
    list: ACTIVITY_LIST,
    response: page(ActivityView),
    record: 'customer',
  },
  recordActivity: {
    method: 'POST',
    path: '/customers/:id/activities',
    access: 'activity.write',
    summary: 'Record an activity · 录入交往记录',
    body: ActivityInput,
    response: ActivityView,
    status: 201,
    record: 'customer',
  },
  getActivity: {
    method: 'GET',
    path: '/customers/:id/activities/:activityId',
    access: 'customer.read',
    summary: 'One activity · 交往记录详情',
    response: ActivityView,
    record: 'customer',
  },
  updateActivity: {
    method: 'PATCH',
    path: '/customers/:id/activities/:activityId',
    access: 'activity.write',
    summary: 'Edit an activity · 编辑交往记录',
    body: ActivityChanges,
    response: ActivityView,
    record: 'customer',
  },
  removeActivity: {
    method: 'DELETE',
    path: '/customers/:id/activities/:activityId',
    access: 'activity.write',
    summary: 'Remove an activity · 删除交往记录',
    record: 'customer',
  },
});

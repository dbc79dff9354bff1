import { z } from 'zod';
import { CUSTOMER_STATUSES, CustomerView } from './customer.api.js';
import { defineRoutes } from './define-routes.js';
import { CalendarDate, Id, Instant, page } from './fields.js';

export const MergeInput = z.strictObject({
  intoId: Id.meta({
    description: 'The customer that stays: it takes over everything that hangs on the one in the path',
  }),
});
export type MergeInput = z.infer<typeof MergeInput>;

/** What hangs on a customer and moves with a merge. */
export const MOVED_KINDS = ['contact', 'activity', 'order', 'churn-alert'] as const;
export type MovedKind = (typeof MOVED_KINDS)[number];

export const MergePreview = z
  .object({
    mergedId: Id,
    intoId: Id,
    moves: z.array(
      z.object({
        kind: z.enum([...MOVED_KINDS, 'ticket']).meta({ description: 'Tickets follow a moment later, by events' }),
        count: z.int(),
        samples: z
          .array(z.object({ id: Id, label: z.string() }))
          .meta({ description: 'Some of them, for who may read all of the kind' }),
      }),
    ),
    fields: z.array(
      z.object({
        field: z.string(),
        merged: z.union([z.string(), z.number(), z.null()]),
        into: z.union([z.string(), z.number(), z.null()]),
        outcome: z.enum(['kept', 'taken', 'conflict']).meta({
          description:
            'kept: the survivor’s value stands alone; taken: the survivor has none and takes this one over; conflict: both have one, the survivor’s stays',
        }),
      }),
    ),
    tags: z.array(z.string()).meta({ description: 'The tags of both' }),
  })
  .meta({ id: 'MergePreview' });
export type MergePreview = z.infer<typeof MergePreview>;

/** The survivor, and the merge by which it can be undone. */
export const MergedCustomerView = CustomerView.extend({ mergeId: Id }).meta({ id: 'MergedCustomer' });
export type MergedCustomerView = z.infer<typeof MergedCustomerView>;

export const MergeView = z
  .object({
    id: Id,
    mergedId: Id,
    mergedCode: z.string(),
    mergedName: z.string(),
    intoId: Id,
    intoCode: z.string(),
    intoName: z.string(),
    mergedBy: Id.nullable(),
    mergedAt: Instant,
    undoneBy: Id.nullable(),
    undoneAt: Instant.nullable(),
  })
  .meta({ id: 'CustomerMerge' });
export type MergeView = z.infer<typeof MergeView>;

export const DuplicateGroup = z
  .object({
    key: z.string(),
    reason: z.enum(['name', 'phone']),
    count: z.int().meta({ description: 'How many customers share it; of many only the oldest are listed' }),
    customers: z.array(
      z.object({
        id: Id,
        code: z.string(),
        name: z.string().optional().meta({ description: 'Only of customers that you may see' }),
        ownerId: Id.nullable(),
        status: z.enum(CUSTOMER_STATUSES),
        lastOrderDate: CalendarDate.nullable(),
      }),
    ),
  })
  .meta({ id: 'DuplicateGroup' });
export type DuplicateGroup = z.infer<typeof DuplicateGroup>;

export const MergeRoutes = defineRoutes('customer', 'customers', {
  listDuplicates: {
    method: 'GET',
    path: '/customers/duplicates',
    access: 'customer.merge',
    summary: 'Groups of customers that are likely the same · 疑似重复客户',
    list: { filters: {}, sorts: ['key'], defaultSort: 'key' },
    response: page(DuplicateGroup),
  },
  previewMerge: {
    method: 'POST',
    path: '/customers/:id/merge-preview',
    access: 'customer.merge',
    summary: 'What a merge would move and change · 合并预览',
    body: MergeInput,
    response: MergePreview,
    record: 'customer-or-merged',
  },
  mergeCustomer: {
    method: 'POST',
    path: '/customers/:id/merge',
    access: 'customer.merge',
    summary: 'Merge into another customer, which stays · 合并到另一客户',
    body: MergeInput,
    response: MergedCustomerView,
    record: 'customer-or-merged',
  },
  listMerges: {
    method: 'GET',
    path: '/customers/merges',
    access: 'customer.merge',
    summary: 'Merges, and which of them were undone · 客户合并记录',
    list: {
      filters: { mergedId: 'id', intoId: 'id', mergedAt: 'instant' },
      sorts: ['mergedAt'],
      defaultSort: '-mergedAt',
    },
    response: page(MergeView),
  },
  undoMerge: {
    method: 'POST',
    path: '/customers/merges/:id/undo',
    access: 'customer.merge',
    summary: 'Undo a merge: give back what was moved and is still there · 撤销合并',
    response: MergeView,
    record: 'customer-merge',
  },
});

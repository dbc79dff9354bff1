import { z } from 'zod';
import { CustomerView } from './customer.api.js';
import { defineRoutes } from './define-routes.js';
import { Id } from './fields.js';
import { JobView } from './jobs.api.js';

export const Transfer = z.strictObject({ ownerId: Id });
export type Transfer = z.infer<typeof Transfer>;

/** All customers of one owner, or these. */
export const Transfers = z
  .strictObject({
    fromOwnerId: Id.optional(),
    customerIds: z.array(Id).min(1).max(10_000).optional(),
    toOwnerId: Id,
  })
  .superRefine(({ fromOwnerId, customerIds, toOwnerId }, context) => {
    if (fromOwnerId === toOwnerId)
      context.addIssue({
        code: 'custom',
        path: ['toOwnerId'],
        message: 'must be somebody else than fromOwnerId · 不能与 fromOwnerId 相同',
      });
    if ((fromOwnerId === undefined) === (customerIds === undefined))
      context.addIssue({
        code: 'custom',
        path: ['fromOwnerId'],
        message: 'give either fromOwnerId or customerIds, and not both · fromOwnerId 与 customerIds 须且只能填写一项',
      });
  });
export type Transfers = z.infer<typeof Transfers>;

export const TransferRoutes = defineRoutes('customer', 'customers', {
  transferCustomer: {
    method: 'POST',
    path: '/customers/:id/transfer',
    access: 'customer.transfer',
    summary: 'Give a customer to another owner · 移交客户',
    body: Transfer,
    response: CustomerView,
    record: 'customer',
  },
  transferCustomers: {
    method: 'POST',
    path: '/customers/transfers',
    access: 'customer.transfer',
    summary: 'Give many customers, or all of one owner, to another owner, as a background job · 批量移交客户',
    body: Transfers,
    response: JobView,
    status: 202,
  },
});

import { z } from 'zod';
import { CustomerView } from './customer.api.js';
import { defineRoutes } from './define-routes.js';
import { Id } from './fields.js';

export const Transfer = z.strictObject({ ownerId: Id });
export type Transfer = z.infer<typeof Transfer>;

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
});

import { z } from 'zod';
import { defineRoutes } from './define-routes.js';
import { Id, Instant, text } from './fields.js';

const report = <T extends z.ZodType>(row: T) =>
  z.object({
    items: z.array(row),
    nextCursor: z.string().nullable(),
    total: z.int().optional(),
    asOf: Instant.meta({ description: 'All events up to this instant are counted' }),
    lagMs: z.int().meta({ description: 'Age of the oldest event that is not counted yet, in milliseconds' }),
  });

/** Reports come as pages of JSON, or whole as a file. */
export const ReportQuery = z.strictObject({
  year: z.coerce.number().int().min(1900).max(9999).optional(),
  name: text(100).optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'three capital letters, such as CNY · 三个大写字母,如 CNY')
    .optional(),
  sort: z.enum(['-amount', 'amount', 'customerName', '-customerName']).default('-amount'),
  format: z.enum(['json', 'csv', 'xlsx']).default('json'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
  count: z.stringbool().optional(),
});
export type ReportQuery = z.infer<typeof ReportQuery>;

/** One row per customer and currency: amounts in different currencies are never added up (REP-1). */
export const ContributionRow = z
  .object({
    customerId: Id,
    customerName: z.string().nullable(),
    currency: z.string(),
    amount: z.string(),
    share: z.number().meta({ description: 'Part of the orders that you may see of this currency and period, 0 to 1' }),
    rank: z.int().meta({
      description:
        'Place within its currency among the customers that you may see, 1 is the largest; equal amounts share a place',
    }),
  })
  .meta({ id: 'ContributionRow' });
export type ContributionRow = z.infer<typeof ContributionRow>;

export const ReportingRoutes = defineRoutes('reporting', 'reports', {
  customerContribution: {
    method: 'GET',
    path: '/reports/customer-contribution',
    access: 'report.read',
    summary: 'Order total, share and rank of each customer · 客户贡献分析',
    query: ReportQuery,
    response: report(ContributionRow),
  },
});

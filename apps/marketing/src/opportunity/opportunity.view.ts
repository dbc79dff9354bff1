import type { OpportunityView } from '#contracts';
import { formatMoney } from '#platform';

/** The API's view; `row` has the amount with all four decimals, as the database does, and perhaps more than is shown. */
export function opportunityView(row: OpportunityView): OpportunityView {
  return {
    id: row.id,
    code: row.code,
    version: row.version,
    status: row.status,
    stage: row.stage,
    source: row.source,
    customerName: row.customerName,
    summary: row.summary,
    description: row.description,
    customerNeed: row.customerNeed,
    competitors: row.competitors,
    region: row.region,
    successRate: row.successRate,
    expectedAmount: row.expectedAmount === null ? null : formatMoney(row.expectedAmount, row.currency),
    currency: row.currency,
    expectedCloseDate: row.expectedCloseDate,
    contactName: row.contactName,
    contactPhone: row.contactPhone,
    creatorId: row.creatorId,
    createdAt: row.createdAt,
    assigneeId: row.assigneeId,
    assignedAt: row.assignedAt,
    closedAt: row.closedAt,
    closeReason: row.closeReason,
    customerId: row.customerId,
    externalId: row.externalId,
  };
}

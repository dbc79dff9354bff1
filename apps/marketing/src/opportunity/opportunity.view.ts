import type { OpportunityView } from '#contracts';
import { formatMoney } from '#platform';

type Instants = 'createdAt' | 'assignedAt' | 'closedAt';
/** An opportunity as the database has it: instants as Date, the amount with all four decimals. */
export type OpportunityRow = Omit<OpportunityView, Instants> & {
  createdAt: Date;
  assignedAt: Date | null;
  closedAt: Date | null;
};

/** The API's view, of an entity and of a row of a query alike. */
export function opportunityView(row: OpportunityRow): OpportunityView {
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
    createdAt: row.createdAt.toISOString(),
    assigneeId: row.assigneeId,
    assignedAt: row.assignedAt?.toISOString() ?? null,
    closedAt: row.closedAt?.toISOString() ?? null,
    closeReason: row.closeReason,
    customerId: row.customerId,
    externalId: row.externalId,
  };
}

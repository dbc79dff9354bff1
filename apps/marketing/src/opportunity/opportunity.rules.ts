import type { OpportunityChanges, OpportunityStatus } from '#contracts';

export type Move = 'assign' | 'win' | 'lose';

/** Every move there is, and where it leads (MKT-2). */
export const MOVES: Record<OpportunityStatus, Partial<Record<Move, OpportunityStatus>>> = {
  unassigned: { assign: 'assigned' },
  assigned: { assign: 'assigned', win: 'won', lose: 'lost' },
  won: {},
  lost: {},
};

export type Field = keyof OpportunityChanges;
export const FIELDS = [
  'source',
  'stage',
  'customerName',
  'summary',
  'description',
  'customerNeed',
  'competitors',
  'region',
  'successRate',
  'expectedAmount',
  'currency',
  'expectedCloseDate',
  'contactName',
  'contactPhone',
] as const satisfies readonly Field[];

const WHILE_DEVELOPED: readonly Field[] = [
  'stage',
  'successRate',
  'expectedAmount',
  'currency',
  'expectedCloseDate',
  'contactName',
  'contactPhone',
  'description',
];

/** What can be edited in each state (MKT-3). */
export const EDITABLE: Record<OpportunityStatus, readonly Field[]> = {
  unassigned: FIELDS,
  assigned: WHILE_DEVELOPED,
  won: [],
  lost: [],
};

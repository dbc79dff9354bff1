import { OpportunityInput } from '#contracts';
import {
  bilingualErrors,
  type Checked,
  codeOf,
  fingerprintOf,
  type ImportRow,
  numberOf,
  type RowError,
} from '#platform';
import type { NewOpportunity, Past } from '../opportunity/opportunity.entity.js';
import type { ImportReference } from './import-reference.js';
import { dayOf } from './row-time.js';
import { pastOf } from './row-past.js';

/** A row of a file as what it becomes. */
export interface OpportunityRow {
  readonly input: NewOpportunity;
  readonly past: Past;
  /** By this a row without an external id is known again. */
  readonly fingerprint: string | null;
}

export const DICTIONARIES = { source: 'opportunity_source', stage: 'opportunity_stage', region: 'region' } as const;
const CODES = Object.entries(DICTIONARIES);
const TEXTS = [
  'externalId',
  'customerName',
  'summary',
  'description',
  'expectedAmount',
  'currency',
  'contactName',
  'contactPhone',
  'customerNeed',
  'competitors',
];

/** MKT-9: what a person could not enter, no file brings in; creator and times are what only a file may carry. */
export function opportunityRow({ values }: ImportRow, reference: ImportReference): Checked<OpportunityRow> {
  const errors: RowError[] = [];
  const input: Record<string, unknown> = {};
  for (const field of TEXTS) if (values[field] !== undefined) input[field] = values[field];
  input.successRate = numberOf(values.successRate);
  input.expectedCloseDate = dayOf(values.expectedCloseDate);
  for (const [field, dictionary] of CODES)
    input[field] = codeOf(reference.codes, dictionary, field, values[field], errors);
  const checked = OpportunityInput.safeParse(input);
  if (!checked.success) errors.push(...bilingualErrors(OpportunityInput, input));
  const past = pastOf(values, reference, errors);
  if (errors.length > 0 || !checked.success || !past) return { errors };
  const { stage = reference.firstStage } = checked.data;
  const fingerprint = fingerprintOf(values, 'externalId');
  return { data: { input: { ...checked.data, stage }, past, fingerprint } };
}

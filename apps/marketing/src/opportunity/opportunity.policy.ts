import type { RecordPolicy } from '#platform';
import { Opportunity } from './opportunity.entity.js';

/** With the scope "own", a person sees what they created or what is assigned to them; changing it is narrower (`ownerId`). */
export const opportunityPolicy: RecordPolicy = {
  kind: 'opportunity',
  entity: Opportunity,
  table: 'opportunity',
  code: 'code',
  numbering: { sequence: 'opportunity_code', setting: 'OPPORTUNITY_CODE_FORMAT' },
  readRight: 'opportunity.read',
  owned: '(t.creator_id = :actor OR t.assignee_id = :actor)',
};

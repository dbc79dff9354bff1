import type { RecordPolicy } from '#platform';
import { Opportunity } from './opportunity.entity.js';

/** With the scope "own", a person sees what they created while it is unassigned, and what is assigned to them after. */
export const opportunityPolicy: RecordPolicy = {
  kind: 'opportunity',
  entity: Opportunity,
  table: 'opportunity',
  code: 'code',
  readRight: 'opportunity.read',
  owned: 'COALESCE(t.assignee_id, t.creator_id) = :actor',
};

import type { RecordPolicy } from '#platform';
import { Ticket } from './ticket.entity.js';

/** Who sees a ticket: as SQL on the alias t. */
export const ticketPolicy: RecordPolicy = {
  kind: 'ticket',
  entity: Ticket,
  table: 'ticket',
  code: 'code',
  numbering: { sequence: 'ticket_code', setting: 'TICKET_CODE_FORMAT' },
  readRight: 'ticket.read',
  alive: 't.deleted_at IS NULL',
  owned: '(t.creator_id = :actor OR t.assignee_id = :actor)',
};

/** A ticket on the alias `t` with the names that it is shown with: those of now, also of a customer or contact that is gone. */
export const TICKET_FROM =
  'ticket t LEFT JOIN customer c ON c.id = t.customer_id LEFT JOIN contact k ON k.id = t.contact_id';
export const TICKET_COLUMNS = `t.id, t.code, t.version, t.status, t.type, t.priority, t.summary, t.request,
  t.customer_id AS "customerId", c.name AS "customerName", t.contact_id AS "contactId", k.name AS "contactName",
  t.creator_id AS "creatorId", t.created_at AS "createdAt", t.assignee_id AS "assigneeId", t.assigned_at AS "assignedAt", t.round,
  t.handling, t.handled_by AS "handledBy", t.handled_at AS "handledAt", t.result, t.satisfaction, t.archived_at AS "archivedAt"`;

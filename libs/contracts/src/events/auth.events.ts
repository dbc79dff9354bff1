import { z } from 'zod';
import { USER_STATUSES } from '../http/auth.api.js';
import { Id } from '../http/fields.js';
import { defineEvent } from './define-event.js';

const User = z.object({
  userId: Id,
  username: z.string(),
  displayName: z.string(),
  status: z.enum(USER_STATUSES),
  roles: z.array(z.string()),
});
const Role = z.object({
  roleId: Id,
  code: z.string(),
  name: z.object({ en: z.string(), zh: z.string() }),
  grants: z.array(z.string()),
});

export const UserCreated = defineEvent('auth.user.created', 1, 'A person can log in from now on', User);
export const UserUpdated = defineEvent('auth.user.updated', 1, 'Name, status or roles of a person changed', User);
export const RoleCreated = defineEvent('auth.role.created', 1, 'A role exists from now on', Role);
export const RoleUpdated = defineEvent('auth.role.updated', 1, 'Name or rights of a role changed', Role);
export const RoleDeleted = defineEvent(
  'auth.role.deleted',
  1,
  'A role that nobody held was removed',
  z.object({ roleId: Id, code: z.string() }),
);
export const SessionRevoked = defineEvent(
  'auth.session.revoked',
  1,
  'A login session ended before its time',
  z.object({ sessionId: Id, userId: Id }),
);

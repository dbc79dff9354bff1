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

export const UserCreated = defineEvent(
  'auth.user.created',
  1,
  'A person can log in from now on · 有人从此可以登录',
  User,
);
export const UserUpdated = defineEvent(
  'auth.user.updated',
  1,
  'Name, status or roles of a person changed · 人员的姓名、状态或角色有变',
  User,
);
export const RoleCreated = defineEvent('auth.role.created', 1, 'A role exists from now on · 新增角色', Role);
export const RoleUpdated = defineEvent(
  'auth.role.updated',
  1,
  'Name or rights of a role changed · 角色的名称或权限有变',
  Role,
);
export const RoleDeleted = defineEvent(
  'auth.role.deleted',
  1,
  'A role that nobody held was removed · 无人持有的角色被删除',
  z.object({ roleId: Id, code: z.string() }),
);
export const SessionRevoked = defineEvent(
  'auth.session.revoked',
  1,
  'A login session ended before its time · 登录会话提前结束',
  z.object({ sessionId: Id, userId: Id }),
);

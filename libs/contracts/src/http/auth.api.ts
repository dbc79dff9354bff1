import { z } from 'zod';
import { SCOPES } from '../access/rights.js';
import { defineRoutes } from './define-routes.js';
import { Email, Id, Instant, Name, page, Phone, text, Version } from './fields.js';

/** Passwords and names are compared as received; the limits only bound the work. */
const secret = z.string().min(1).max(256);
/** Nobody could type one of these. */
const newSecret = secret.refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), {
  error: 'holds a character that cannot be typed · 含有无法输入的字符',
});

export const LoginInput = z.strictObject({ username: z.string().min(1).max(100), password: secret });
export const ClientCredentials = z.strictObject({
  grantType: z.literal('client_credentials'),
  clientId: z.string().min(1).max(100),
  clientSecret: secret,
});
export const RefreshInput = z.strictObject({ refreshToken: z.string().min(1).max(200) });
export const PasswordChange = z.strictObject({ current: secret, new: newSecret });

export const TokenPair = z.object({
  accessToken: z.string(),
  refreshToken: z.string(),
  tokenType: z.literal('Bearer'),
  expiresIn: z.int().meta({ description: 'Seconds until the access token ends' }),
  mustChangePassword: z.boolean(),
});
export const AccessToken = z.object({ accessToken: z.string(), tokenType: z.literal('Bearer'), expiresIn: z.int() });

export const USER_STATUSES = ['active', 'disabled', 'locked'] as const;
export const Me = z.object({
  id: Id,
  username: z.string(),
  displayName: z.string(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  roles: z.array(z.string()),
  mustChangePassword: z.boolean(),
  rights: z.array(z.object({ right: z.string(), scope: z.enum(SCOPES) })),
});

/** A person with the scope `names` sees id, username and displayName only. */
export const UserView = z.object({
  id: Id,
  username: z.string(),
  displayName: z.string(),
  email: z.string().nullable().optional(),
  phone: z.string().nullable().optional(),
  roles: z.array(z.string()).optional(),
  status: z.enum(USER_STATUSES).optional(),
  version: Version.optional(),
  createdAt: Instant.optional(),
});
export const UserInput = z.strictObject({
  username: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._@-]{1,49}$/,
      '2 to 50 letters, digits, . _ @ -, a letter or digit first · 2 至 50 个字母、数字或 . _ @ -,以字母或数字开头',
    ),
  displayName: Name,
  email: Email.optional(),
  phone: Phone.optional(),
  roles: z.array(text(50)).min(1).max(20),
  password: newSecret,
});
export const UserChanges = z.strictObject({
  displayName: Name.optional(),
  email: Email.nullable().optional(),
  phone: Phone.nullable().optional(),
  roles: z.array(text(50)).min(1).max(20).optional(),
});
export const RoleView = z.object({
  id: Id,
  code: z.string(),
  name: z.object({ en: z.string(), zh: z.string() }),
  description: z.object({ en: z.string(), zh: z.string() }),
  rights: z.array(z.string()).meta({ description: 'Grants such as "customer.read" or "customer.update:own"' }),
});
export const RightView = z.object({ right: z.string(), label: z.object({ en: z.string(), zh: z.string() }) });

/** What the gateway follows: signing keys, everybody's rights, and which sessions ended. `revision` grows with each change. */
export const AccessSnapshot = z.object({
  revision: z.int(),
  /** Public keys (JWK) that access tokens may be signed with; served on as the JWKS. */
  keys: z.array(z.record(z.string(), z.unknown())),
  roles: z.array(z.object({ code: z.string(), grants: z.array(z.string()) })),
  /** Users and service accounts. `sessionsValidFrom`: tokens issued before it (seconds since 1970) are refused. */
  principals: z.array(
    z.object({
      id: Id,
      name: z.string(),
      kind: z.enum(['user', 'service-account']),
      active: z.boolean(),
      mustChangePassword: z.boolean(),
      roles: z.array(z.string()),
      grants: z.array(z.string()),
      sessionsValidFrom: z.int(),
    }),
  ),
  revokedSessions: z.array(Id),
});
export type AccessSnapshot = z.infer<typeof AccessSnapshot>;

/** Names and secrets are short; nobody has to be known to send a body here. */
const SECRETS_LIMIT = 8 * 1024;

export const AuthRoutes = defineRoutes('auth', 'auth', {
  login: {
    method: 'POST',
    path: '/auth/login',
    access: 'public',
    summary: 'Log in · 登录',
    body: LoginInput,
    response: TokenPair,
    status: 200,
    secret: true,
    guesses: true,
    bodyLimit: SECRETS_LIMIT,
  },
  clientToken: {
    method: 'POST',
    path: '/auth/token',
    access: 'public',
    summary: 'Token for a service account · 服务账号获取令牌',
    body: ClientCredentials,
    response: AccessToken,
    status: 200,
    secret: true,
    guesses: true,
    bodyLimit: SECRETS_LIMIT,
  },
  refresh: {
    method: 'POST',
    path: '/auth/refresh',
    access: 'public',
    summary: 'Exchange a refresh token for a new pair · 刷新令牌',
    body: RefreshInput,
    response: TokenPair,
    status: 200,
    secret: true,
    bodyLimit: SECRETS_LIMIT,
  },
  logout: {
    method: 'POST',
    path: '/auth/logout',
    access: 'signed-in',
    summary: 'End this session · 登出',
    secret: true,
    beforePasswordChange: true,
  },
  me: {
    method: 'GET',
    path: '/auth/me',
    access: 'signed-in',
    summary: 'Who I am and what I may do · 我的信息与权限',
    response: Me,
    beforePasswordChange: true,
  },
  changePassword: {
    method: 'POST',
    path: '/auth/password',
    access: 'signed-in',
    summary: 'Change my password · 修改密码',
    body: PasswordChange,
    secret: true,
    guesses: true,
    bodyLimit: SECRETS_LIMIT,
    beforePasswordChange: true,
  },
  listUsers: {
    method: 'GET',
    path: '/users',
    access: 'user.read',
    summary: 'Users · 用户列表',
    list: {
      filters: { status: USER_STATUSES, username: 'contains' },
      sorts: ['username', 'createdAt'],
      defaultSort: 'username',
      search: true,
    },
    response: page(UserView),
  },
  createUser: {
    method: 'POST',
    path: '/users',
    access: 'user.write',
    summary: 'Create a user · 创建用户',
    body: UserInput,
    response: UserView,
    status: 201,
  },
  updateUser: {
    method: 'PATCH',
    path: '/users/:id',
    access: 'user.write',
    summary: 'Change name, contact or roles of a user · 修改用户',
    body: UserChanges,
    response: UserView,
    record: 'user',
  },
  disableUser: {
    method: 'POST',
    path: '/users/:id/disable',
    access: 'user.write',
    summary: 'Disable a user and end their sessions · 停用用户',
    response: UserView,
    record: 'user',
  },
  enableUser: {
    method: 'POST',
    path: '/users/:id/enable',
    access: 'user.write',
    summary: 'Enable a user · 启用用户',
    response: UserView,
    record: 'user',
  },
  unlockUser: {
    method: 'POST',
    path: '/users/:id/unlock',
    access: 'user.write',
    summary: 'Forget the failed logins of a user · 解锁用户',
    response: UserView,
    record: 'user',
  },
  listRoles: {
    method: 'GET',
    path: '/roles',
    access: 'user.read',
    summary: 'Roles and their rights · 角色与权限',
    response: page(RoleView),
  },
  accessSnapshot: {
    method: 'GET',
    path: '/internal/access',
    access: 'gateway',
    summary: 'Keys, rights and ended sessions; 304 when If-None-Match holds the current revision',
    response: AccessSnapshot,
  },
  listRights: {
    method: 'GET',
    path: '/rights',
    access: 'user.read',
    summary: 'All rights · 全部权限',
    response: page(RightView),
  },
});

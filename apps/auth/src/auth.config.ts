import { z } from 'zod';
import { serviceSettings } from '#platform';
import { isWeakPassword } from './password/password.rules.js';

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true');

/** The environment of the auth service. */
export const AuthConfig = z.object({
  ...serviceSettings,
  SIGNING_KEY_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .describe(
      'Encrypts the private signing keys at rest; the same for all copies · 加密所存签名私钥的密钥;所有副本须相同',
    ),
  TOKEN_ISSUER: z.string().min(1).max(200).default('crm').describe('`iss` of access tokens · 访问令牌的 `iss`'),
  CRM_ADMIN_PASSWORD: z
    .string()
    .max(256)
    .refine(
      (password) => !isWeakPassword(password, 'admin'),
      'must have at least 10 characters and not be a common password',
    )
    .optional()
    .describe(
      'Password of the first administrator, `admin`; generated and logged once when absent · 首个管理员 `admin` 的密码;未设置时自动生成并记录一次',
    ),
  CRM_DEMO: flag.describe(
    'Also seeds the demo users and the service account sales-system · 同时创建演示用户与服务账号 sales-system',
  ),
  CRM_DEMO_PASSWORD: z
    .string()
    .min(8)
    .max(256)
    .default('Demo-Passw0rd!')
    .describe('Password of the demo users · 演示用户密码'),
  LOGIN_FAILURES: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('Failed logins in a row that lock an account for one address range · 单一地址段锁定前的失败次数'),
  LOGIN_FAILURES_ANYWHERE: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(50)
    .describe('Failed logins in a row, from anywhere, that lock it for all · 全局锁定前的失败次数'),
  LOGIN_LOCK_MINUTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(1440)
    .default(15)
    .describe('How long a lock lasts · 锁定分钟数'),
});
export type AuthConfig = z.infer<typeof AuthConfig>;

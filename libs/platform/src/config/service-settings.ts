import { z } from 'zod';

const isTimeZone = (value: string): boolean => {
  try {
    return Intl.DateTimeFormat('en', { timeZone: value }).format(0) !== '';
  } catch {
    return false;
  }
};

export const logLevel = z
  .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
  .default('info')
  .describe('Least severity that is logged · 记录的最低日志级别');
export const businessTimeZone = z
  .string()
  .default('Asia/Shanghai')
  .refine(isTimeZone, { error: 'must be an IANA time zone such as Asia/Shanghai' })
  .describe('IANA zone of days, months and years in reports and scans · 报表与扫描中日、月、年所用的 IANA 时区');
export const natsSettings = {
  NATS_URL: z
    .string()
    .regex(/^(nats|tls):\/\/.+/, 'must look like nats://host:4222')
    .describe('Where NATS is; several addresses with commas · NATS 地址,多个以逗号分隔'),
  NATS_USER: z.string().optional().describe('NATS user of this application · 该应用的 NATS 用户名'),
  NATS_PASSWORD: z.string().optional().describe('Its password · NATS 密码'),
};

const publicKeys = z
  .string()
  .transform((value, context) => {
    try {
      return JSON.parse(value) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'must be a JWKS as JSON' });
      return z.NEVER;
    }
  })
  .pipe(
    z.object({
      keys: z
        .array(z.looseObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), kid: z.string() }))
        .min(1),
    }),
  );

/** What every service behind the gateway is told by its environment. */
export const serviceSettings = {
  HOST: z.string().default('127.0.0.1').describe('Address to listen on · 监听地址'),
  PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65535)
    .default(0)
    .describe('Port to listen on; 0 takes a free one · 监听端口;0 表示任选空闲端口'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/.+/, 'must look like postgresql://user:password@host:5432/database')
    .describe(
      'PostgreSQL database; the service uses the schema of its own name · PostgreSQL 数据库;服务使用与自身同名的 schema',
    ),
  DATABASE_POOL: z.coerce
    .number()
    .int()
    .min(2)
    .max(200)
    .default(10)
    .describe('Most connections to PostgreSQL · 数据库连接上限'),
  DRAIN_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(15_000)
    .default(500)
    .describe(
      'Milliseconds that a service still takes requests after it was told to stop, closing each connection behind its answer · 收到停止信号后继续处理请求的毫秒数,每个连接在应答后关闭',
    ),
  ...natsSettings,
  GATEWAY_PUBLIC_KEYS: publicKeys.describe(
    'JWKS of the Ed25519 keys that sign the gateway’s assertions · 网关断言签名公钥(Ed25519,JWKS)',
  ),
  BUSINESS_TIMEZONE: businessTimeZone,
  LOG_LEVEL: logLevel,
};
const shape = z.object(serviceSettings);
export type ServiceConfig = z.infer<typeof shape>;

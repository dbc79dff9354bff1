import { z } from 'zod';
import { SERVICES } from '#contracts';
import { StartError } from './infra/start-error.js';

const port = z.coerce.number({ error: 'must be a number from 1 to 65535' }).int().min(1).max(65_535);
const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must be a URL like postgresql://user:password@host:5432/database',
});
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

const databaseUrls = Object.fromEntries(
  SERVICES.map((service) => [
    `${service.toUpperCase()}_DATABASE_URL`,
    postgresUrl
      .optional()
      .describe(
        `PostgreSQL of the ${service} service alone, with a role and a search path of its own; goes before DATABASE_URL. · ${service} 服务专用的 PostgreSQL,使用自己的角色与搜索路径;优先于 DATABASE_URL。`,
      ),
  ]),
);

/** The settings of `npm start`: environment variables, all with a default or optional. An empty one counts as not set. */
export const LauncherSettings = z.object({
  GATEWAY_PORT: port.default(3000).describe('The public port. · 对外端口。'),
  GATEWAY_HOST: z
    .string()
    .default('::')
    .describe(
      'The address the public port is opened on; `::` is every one, IPv4 and IPv6. With CRM_DEMO, and ever after on the same data, the default is `localhost`, this machine only (127.0.0.1 and ::1), because the passwords of the demo users are public. · 对外端口监听的地址;`::` 表示全部(IPv4 与 IPv6)。启用 CRM_DEMO 时,以及此后使用同一数据目录时,默认为 `localhost`,仅限本机(127.0.0.1 与 ::1),因为演示用户的密码是公开的。',
    ),
  NATS_PORT: port
    .optional()
    .describe(
      'Where other systems on this machine subscribe to events (loopback). Default: a free port, kept from then on. · 本机其他系统订阅事件的端口(回环);默认取一个空闲端口并沿用。',
    ),
  CRM_DATA_DIR: z
    .string()
    .default('.data')
    .describe(
      'Folder of the embedded database and broker, of secrets and logs; relative to the checkout. · 内置数据库与消息服务器、密钥和日志所在目录;相对于代码目录。',
    ),
  DATABASE_URL: postgresUrl
    .optional()
    .describe(
      'A running PostgreSQL (15 or newer) to use instead of the embedded one. · 用已有的 PostgreSQL(15 或更新)代替内置的。',
    ),
  ...databaseUrls,
  NATS_URL: z
    .url({ protocol: /^(nats|tls)$/, error: 'must be a URL like nats://user:password@host:4222' })
    .optional()
    .describe(
      'A running NATS server with JetStream to use instead of an embedded one; user and password may be part of it. · 用已有的、启用 JetStream 的 NATS 代替内置的;可含用户名与密码。',
    ),
  NATS_SERVER_BIN: z
    .string()
    .optional()
    .describe(
      'Path of the nats-server program. Default: found in PATH, else installed. · nats-server 程序的路径;默认从 PATH 查找,找不到则安装。',
    ),
  CRM_COPIES: z.coerce
    .number()
    .int()
    .min(1)
    .max(8)
    .default(1)
    .describe('How many copies of each service run behind the gateway. · 网关后每个服务运行几个副本。'),
  CRM_ADMIN_PASSWORD: z
    .string()
    .min(10)
    .max(128)
    .optional()
    .describe(
      'Password of the first administrator, `admin`. Default: generated and printed once. · 首个管理员 `admin` 的密码;默认自动生成并只显示一次。',
    ),
  CRM_DEMO: flag
    .default(false)
    .describe(
      'Also creates demo users and sample data (`npm run demo`). · 同时创建演示用户与示例数据(`npm run demo`)。',
    ),
  CRM_DEMO_PASSWORD: z
    .string()
    .min(8)
    .max(128)
    .default('Demo-Passw0rd!')
    .describe('Password of the demo users. · 演示用户的密码。'),
  BUSINESS_TIMEZONE: z
    .string()
    .refine(isTimeZone, 'must be a time zone such as Asia/Shanghai')
    .default('Asia/Shanghai')
    .describe('Time zone in which days, months and years of business begin. · 业务上日、月、年起始所用的时区。'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('warn')
    .describe('Least serious level that is logged. · 记录的最低日志级别。'),
});
type Settings = z.infer<typeof LauncherSettings>;
export type LauncherSettings = Settings & Record<`${string}_DATABASE_URL`, string | undefined>;

/** @throws StartError one line that names each bad variable */
export function readSettings(env: NodeJS.ProcessEnv): LauncherSettings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = LauncherSettings.safeParse(given);
  if (result.success) return result.data;
  throw new StartError(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

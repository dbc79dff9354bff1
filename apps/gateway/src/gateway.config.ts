import { isIP } from 'node:net';
import { z } from 'zod';
import { SERVICES, type ServiceName } from '#contracts';
import { logLevel, natsSettings } from '#platform/without-database';

const copies = z
  .string()
  .transform((value) => value.split(',').map((url) => url.trim().replace(/\/$/, '')))
  .pipe(z.array(z.url({ protocol: /^https?$/, error: 'must be http://host:port, several copies with commas' })).min(1));

const signingKey = z
  .string()
  .transform((value, context) => {
    try {
      return JSON.parse(value) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'must be a private JWK as JSON' });
      return z.NEVER;
    }
  })
  .pipe(
    z.object(
      { kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string(), kid: z.string() },
      { error: 'must be a private Ed25519 JWK with a kid' },
    ),
  );

function isNetwork(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  return (
    family > 0 && more.length === 0 && (bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most))
  );
}

export const GatewayConfig = z.object({
  GATEWAY_HOST: z
    .string()
    .default('::')
    .describe(
      'Public address to listen on; :: is IPv6 and IPv4, localhost both loopback addresses · 对外监听地址;:: 表示 IPv6 与 IPv4,localhost 表示两个回环地址',
    ),
  GATEWAY_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65535)
    .default(3000)
    .describe('Public port; 0 takes a free one · 对外端口;0 表示任选空闲端口'),
  GATEWAY_SIGNING_KEY: signingKey.describe(
    'Private JWK (Ed25519, with kid) that signs assertions · 断言签名私钥(Ed25519 JWK,含 kid)',
  ),
  AUTH_URL: copies.describe(
    'Address of the auth service; several copies with commas · 认证服务地址,多个副本以逗号分隔',
  ),
  MARKETING_URL: copies.describe('Address of the marketing service, likewise · 营销服务地址(同上)'),
  CUSTOMER_URL: copies.describe('Address of the customer service, likewise · 客户服务地址(同上)'),
  SERVICE_URL: copies.describe('Address of the ticket service, likewise · 服务单服务地址(同上)'),
  REPORTING_URL: copies.describe('Address of the reporting service, likewise · 报表服务地址(同上)'),
  ...natsSettings,
  TOKEN_ISSUER: z.string().min(1).default('crm').describe('Issuer of access tokens · 访问令牌签发者'),
  TRUSTED_PROXIES: z
    .string()
    .refine((value) => value.split(',').every((each) => isNetwork(each.trim())), {
      error: 'must be addresses or networks such as 10.0.0.0/8, with commas',
    })
    .optional()
    .describe(
      'Addresses or networks whose x-forwarded-for counts, with commas · 采信其 x-forwarded-for 的地址或网段,以逗号分隔',
    ),
  RATE_LIMIT_USER: z.coerce
    .number()
    .int()
    .min(1)
    .default(200)
    .describe('Requests per second and user · 每用户每秒请求数'),
  RATE_LIMIT_LOGIN: z.coerce
    .number()
    .int()
    .min(1)
    .default(60)
    .describe('Logins per minute and address, five times that per network /24 · 每地址每分钟登录次数(每 /24 网段五倍)'),
  CONCURRENCY_LIMIT_USER: z.coerce
    .number()
    .int()
    .min(1)
    .default(48)
    .describe('Requests of one user to one service at a time · 每用户对每个服务同时进行的请求数'),
  CONCURRENCY_LIMIT_SERVICE: z.coerce
    .number()
    .int()
    .min(8)
    .default(64)
    .describe(
      'Requests to one service at a time, to all together half as many again; more are refused at once · 对每个服务同时进行的请求数(全部服务合计为其 1.5 倍),超出即拒绝',
    ),
  LOG_LEVEL: logLevel,
});
export type GatewayConfig = z.infer<typeof GatewayConfig>;

/** The base addresses of each service's copies. */
export function serviceUrls(config: GatewayConfig): Record<ServiceName, readonly string[]> {
  const entries = SERVICES.map((service) => [
    service,
    config[`${service.toUpperCase() as Uppercase<ServiceName>}_URL`],
  ]);
  return Object.fromEntries(entries) as Record<ServiceName, readonly string[]>;
}

import { codeFormat, serviceSettings } from '#platform';
import { z } from 'zod';

export const CustomerConfig = z.object({
  ...serviceSettings,
  CUSTOMER_CODE_FORMAT: codeFormat('CUS-######').describe(
    'Codes of new customers: a prefix, and # for each digit that a number has at least · 新客户的编号格式:前缀加 #,每个 # 表示至少一位数字',
  ),
  CHURN_MONTHS: z.coerce
    .number()
    .int()
    .min(1)
    .max(120)
    .default(6)
    .describe('Calendar months without an order after which a customer is at risk · 超过多少个月未下单视为流失风险'),
});
export type CustomerConfig = z.infer<typeof CustomerConfig>;

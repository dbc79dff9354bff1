import { codeFormat, serviceSettings } from '#platform';
import { z } from 'zod';

export const ServiceConfig = z.object({
  ...serviceSettings,
  TICKET_CODE_FORMAT: codeFormat('TKT-######').describe(
    'Codes of new tickets: a prefix, and # for each digit that a number has at least · 新服务单的编号格式:前缀加 #,每个 # 表示至少一位数字',
  ),
});

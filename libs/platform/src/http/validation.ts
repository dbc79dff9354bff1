import { CrmError, type FieldError } from '#contracts';
import type { z } from 'zod';
import { en, zhCN } from 'zod/locales';
import type { Language } from '../context/request-context.js';
import type { RowError } from '../jobs/job-kind.js';
import { inLanguage } from './problem.js';

const LOCALES = { en: en().localeError, zh: zhCN().localeError };

/** The input as the schema reads it. @throws CrmError validation-failed, naming each field in the language of the person */
export function validate<T extends z.ZodType>(schema: T, input: unknown, language: Language): z.infer<T> {
  const result = schema.safeParse(input, { error: LOCALES[language] });
  if (result.success) return result.data;
  throw new CrmError('validation-failed', {}, fieldErrors(result.error));
}

/** What is wrong with the input, for people of either language; empty when nothing is. */
export function bilingualErrors(schema: z.ZodType, input: unknown): RowError[] {
  const [en = [], zh = []] = (['en', 'zh'] as const).map((language) => {
    const { error } = schema.safeParse(input, { error: LOCALES[language] });
    return error ? fieldErrors(error) : [];
  });
  return en.map(({ path, code, message }, index) => ({
    field: path,
    code,
    message: { en: inLanguage(message, 'en'), zh: inLanguage(zh[index]?.message ?? message, 'zh') },
  }));
}

/** Enough to mend the input by; each more would only lengthen the answer. */
const MOST = 50;

export const fieldErrors = (error: z.ZodError): FieldError[] =>
  error.issues
    .slice(0, MOST)
    .flatMap((issue): FieldError[] => {
      const path = issue.path.map(String);
      if (issue.code !== 'unrecognized_keys')
        return [{ path: path.join('.'), code: issue.code, message: issue.message }];
      // Not zod's message: it repeats all the keys for each of them.
      return issue.keys.slice(0, MOST).map((key) => ({
        path: [...path, key.slice(0, 100)].join('.'),
        code: 'unknown_field',
        message: 'unknown field · 未知字段',
      }));
    })
    .slice(0, MOST);

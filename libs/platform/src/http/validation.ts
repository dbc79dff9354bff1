import { CrmError, type FieldError } from '#contracts';
import type { z } from 'zod';
import { en, zhCN } from 'zod/locales';
import type { Language } from '../context/request-context.js';

const LOCALES = { en: en().localeError, zh: zhCN().localeError };

/** The input as the schema reads it. @throws CrmError validation-failed, naming each field in the language of the person */
export function validate<T extends z.ZodType>(schema: T, input: unknown, language: Language): z.infer<T> {
  const result = schema.safeParse(input, { error: LOCALES[language] });
  if (result.success) return result.data;
  throw new CrmError('validation-failed', {}, fieldErrors(result.error));
}

export const fieldErrors = (error: z.ZodError): FieldError[] =>
  error.issues.flatMap((issue): FieldError[] => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), code: issue.code, message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key].join('.'), code: 'unknown_field', message: issue.message }));
  });

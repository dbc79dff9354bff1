import { CrmError, type FieldError } from '#contracts';
import type { z } from 'zod';
import type { RowError } from '../jobs/job-kind.js';
import { fieldMessage, inLanguage } from '../text/field-message.js';

/** The input as the schema reads it. @throws CrmError validation-failed, naming each field */
export function validate<T extends z.ZodType>(schema: T, input: unknown): z.infer<T> {
  const result = schema.safeParse(input, { error: fieldMessage });
  if (result.success) return result.data;
  throw new CrmError('validation-failed', {}, fieldErrors(result.error));
}

/** What is wrong with the input, for people of either language; empty when nothing is. */
export function bilingualErrors(schema: z.ZodType, input: unknown): RowError[] {
  const { error } = schema.safeParse(input, { error: fieldMessage });
  if (!error) return [];
  return fieldErrors(error).map(({ path, code, message }) => ({
    field: path,
    code,
    message: { en: inLanguage(message, 'en'), zh: inLanguage(message, 'zh') },
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

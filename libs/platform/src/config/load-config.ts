import { z } from 'zod';
import { fieldMessage, inLanguage } from '../text/field-message.js';

/** A setting is missing or bad; the message has one line per variable and says what it must be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings that `schema` names. An empty variable counts as not set. Throws ConfigError. */
export function loadConfig<T extends z.ZodObject>(schema: T, environment: Environment): z.infer<T> {
  const values = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, environment[name] === '' ? undefined : environment[name]]),
  );
  const result = schema.safeParse(values, {
    error: (issue) => (issue.input === undefined ? 'is required' : inLanguage(fieldMessage(issue), 'en')),
  });
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`Bad setting. ${lines.join('; ')}`);
}

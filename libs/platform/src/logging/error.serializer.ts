import { constraintOf, sqlStateOf } from '../db/sql-state.js';

/** What a log says of an error. */
interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly constraint?: string;
  readonly cause?: LoggedError;
}

const MOST_CAUSES = 5;

/**
 * An allow-list: errors of the database carry the statement's parameters and the row that failed, such as a password's hash. For data
 * exceptions (class 22) PostgreSQL quotes the value in the message too.
 */
export function serializeError(error: unknown, depth = 0): LoggedError | undefined {
  if (error === undefined || error === null) return undefined;
  if (!(error instanceof Error)) return { type: typeof error, message: messageOf(error) };
  const { code, cause = (error as { driverError?: unknown }).driverError } = error as {
    code?: unknown;
    cause?: unknown;
  };
  const type = error.constructor?.name || error.name;
  const message = messageOf(error);
  return {
    type,
    message,
    stack: framesOf(error, `${type}: ${message}`),
    code: typeof code === 'string' || typeof code === 'number' ? String(code) : sqlStateOf(error),
    constraint: constraintOf(error),
    cause: cause === error || depth >= MOST_CAUSES ? undefined : serializeError(cause, depth + 1),
  };
}

/** The text of an error that may be logged. */
export function messageOf(error: unknown): string {
  const state = sqlStateOf(error);
  if (state?.startsWith('22')) return `a value does not fit (SQLSTATE ${state})`;
  return error instanceof Error ? error.message : String(error);
}

/** The first lines of a stack repeat the message, so they are written anew. */
function framesOf({ stack }: Error, head: string): string | undefined {
  const frames = stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return frames && [head, ...frames].join('\n');
}

import { CrmError, type FieldError, type ProblemCode, type ProblemParameters, PROBLEMS, problemText } from '#contracts';
import { HttpException } from '@nestjs/common';
import type { Language } from '../context/request-context.js';
import { inLanguage } from '../text/field-message.js';
import { constraintOf, isUnavailable, sqlStateOf } from '../db/sql-state.js';

/** RFC 9457. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  traceId?: string;
  errors?: readonly FieldError[];
  [parameter: string]: unknown;
}

const RETRY_AFTER_SECONDS = 2;
/** Bytes that a body may have where its route does not say otherwise. */
export const GENERAL_BODY_LIMIT = 1_048_576;

/** Any error as one of the documented problems. What is not known becomes `internal`, without its message. */
export function toCrmError(error: unknown): CrmError {
  if (error instanceof CrmError) return error;
  if (isUnavailable(error)) return new CrmError('service-unavailable', { seconds: RETRY_AFTER_SECONDS });
  const state = sqlStateOf(error);
  if (state === '23505') return new CrmError('already-exists', { field: constraintOf(error) ?? 'key' });
  if (state?.startsWith('22'))
    return new CrmError('malformed-request', { reason: 'a value does not fit its type · 某个值与其类型不符' });
  const status =
    error instanceof HttpException ? error.getStatus() : Number((error as { statusCode?: unknown } | null)?.statusCode);
  const code = BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'malformed-request' : undefined);
  if (code === 'malformed-request') return new CrmError(code, { reason: 'bad form · 格式有误' });
  if (code === 'unsupported-media-type') return new CrmError(code, { accepted: ['application/json'] });
  if (code === 'payload-too-large') return new CrmError(code, { limit: GENERAL_BODY_LIMIT });
  if (code)
    return new CrmError(
      code,
      code === 'service-unavailable' || code === 'too-many-requests' ? { seconds: RETRY_AFTER_SECONDS } : {},
    );
  return new CrmError('internal');
}

const BY_STATUS: Record<number, ProblemCode> = {
  400: 'malformed-request',
  401: 'unauthenticated',
  404: 'route-not-found',
  413: 'payload-too-large',
  415: 'unsupported-media-type',
  429: 'too-many-requests',
  503: 'service-unavailable',
};

export function problemDocument(
  error: CrmError,
  language: Language,
  instance: string,
  traceId?: string,
): ProblemDocument {
  const { status, title, detail } = PROBLEMS[error.code];
  const parameters = Object.fromEntries(
    Object.entries(error.parameters).map(([name, value]) => [
      name,
      typeof value === 'string' ? inLanguage(value, language) : value,
    ]),
  );
  const told = problemText(detail[language], parameters);
  const errors = fieldsOf(error, told).map((field) => ({ ...field, message: inLanguage(field.message, language) }));
  return {
    type: `/problems/${error.code}`,
    title: title[language],
    status,
    detail: told,
    instance,
    traceId,
    ...(errors.length > 0 ? { errors } : {}),
    ...extensions(parameters),
  };
}

/** One that is about the value of a field says so where a form looks for it, too. */
const fieldsOf = ({ code, fields, parameters: { field }, status }: CrmError, message: string): readonly FieldError[] =>
  fields.length === 0 && status === 422 && typeof field === 'string' ? [{ path: field, code, message }] : fields;

/** The parameters are for programs too (`state`, `allowed` …), except where they would hide a standard member. */
function extensions(parameters: ProblemParameters): ProblemParameters {
  const { type: _type, title: _title, status: _status, detail: _detail, instance: _instance, ...rest } = parameters;
  return rest;
}

const retryAfter = (error: CrmError): string | undefined =>
  error.status === 503 || error.status === 429 ? String(error.parameters.seconds ?? RETRY_AFTER_SECONDS) : undefined;

/** What every problem carries beside its body. */
export function problemHeaders(error: CrmError, language: Language): Record<string, string> {
  const seconds = retryAfter(error);
  return {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-language': language === 'zh' ? 'zh-CN' : 'en',
    ...(seconds ? { 'retry-after': seconds } : {}),
  };
}

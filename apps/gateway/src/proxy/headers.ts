import { ASSERTION_HEADER, CLIENT_ADDRESS_HEADER } from '#contracts';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** The only headers of a client that reach a service; what counts as identity is not among them. */
const REQUEST_HEADERS = ['accept', 'accept-language', 'if-match', 'if-none-match', 'idempotency-key'] as const;

const BODY_HEADERS = ['content-type', 'content-length'] as const;

/** The only headers of a service that reach a client. */
const ANSWER_HEADERS = [
  'content-type',
  'content-length',
  'content-disposition',
  'content-language',
  'etag',
  'last-modified',
  'location',
  'link',
  'vary',
  'retry-after',
  'cache-control',
  'www-authenticate',
] as const;

export interface Passport {
  readonly assertion: string;
  readonly address: string;
  readonly requestId: string;
  readonly traceparent: string;
}

/** Headers for the service as a flat list of names and values. Whatever Connection names is the client's hop only. */
export function requestHeaders(client: IncomingHttpHeaders, passport: Passport, withBody: boolean): string[] {
  const hop = client.connection?.toLowerCase().split(/[\s,]+/);
  const headers = [
    ASSERTION_HEADER,
    passport.assertion,
    CLIENT_ADDRESS_HEADER,
    passport.address,
    'x-request-id',
    passport.requestId,
    'traceparent',
    passport.traceparent,
  ];
  for (const name of REQUEST_HEADERS) if (!hop?.includes(name)) add(headers, name, client[name]);
  // A type without a body would be taken for an empty JSON document.
  if (withBody) for (const name of BODY_HEADERS) add(headers, name, client[name]);
  return headers;
}

function add(headers: string[], name: string, value: number | string | string[] | undefined): void {
  if (typeof value === 'string' || typeof value === 'number') headers.push(name, String(value));
}

/** Headers for the client as a flat list; answers are nobody's to store or to frame unless the service says so. */
export function answerHeaders(
  service: OutgoingHttpHeaders,
  request: Pick<Passport, 'requestId' | 'traceparent'>,
): string[] {
  const headers = [
    'x-request-id',
    request.requestId,
    'traceparent',
    request.traceparent,
    'x-content-type-options',
    'nosniff',
    'content-security-policy',
    "default-src 'none'; frame-ancestors 'none'",
  ];
  if (service['cache-control'] === undefined) headers.push('cache-control', 'no-store');
  for (const name of ANSWER_HEADERS) add(headers, name, service[name]);
  return headers;
}

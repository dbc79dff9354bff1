import { ASSERTION_HEADER, CLIENT_ADDRESS_HEADER, CrmError, jobPath, type ServiceRoute } from '#contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createHmac } from 'node:crypto';
import { ANONYMOUS, preferredLanguage, type RequestContext } from '../context/request-context.js';
import { continueTrace } from '../context/trace.js';
import { API_PREFIX } from '../start/tokens.js';
import type { AssertionVerifier } from './assertion.js';
import { rawBody } from './json-body.js';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
const KEY = /^[\x21-\x7e]{1,255}$/;
const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? undefined : value);

/** The context of a request, made before anything else looks at it; the guard fills in who asks. */
export interface ContextOfRequest extends RequestContext {
  route?: ServiceRoute;
  recordId?: string;
  targetId?: string;
  address?: string;
  requestId?: string;
  ifMatch?: string;
  idempotency?: RequestContext['idempotency'];
}
const contexts = new WeakMap<FastifyRequest, ContextOfRequest>();
export const contextOf = (request: FastifyRequest): ContextOfRequest => contexts.get(request)!;

/** The address of the request without its query. */
export function pathOf({ url }: FastifyRequest): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** Opens the context of each request, so that logs, events and problems of it carry its trace; names what is answered by `ETag` and `Location`. */
export function installContext(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const trace = continueTrace(one(request.headers.traceparent));
    const context: ContextOfRequest = {
      ...trace,
      language: preferredLanguage(one(request.headers['accept-language'])),
      actor: ANONYMOUS,
    };
    contexts.set(request, context);
    void reply.header('traceparent', trace.traceparent);
    done();
  });
  // Sees the objects that are answered, not files, texts and empty answers: those have neither id nor version.
  fastify.addHook('preSerialization', (request, reply, answer, done) => {
    const route = contexts.get(request)?.route;
    if (route && reply.statusCode < 400) nameRecord(route, request, reply, answer as Answer | null);
    done(null, answer);
  });
}

interface Answer {
  readonly id?: unknown;
  /** Names what has no id, such as a dictionary entry. */
  readonly code?: unknown;
  readonly version?: unknown;
}

function nameRecord(route: ServiceRoute, request: FastifyRequest, reply: FastifyReply, answer: Answer | null): void {
  if (answer === null) return;
  if (typeof answer.version === 'number') void reply.header('etag', `"${answer.version}"`);
  const name = answer.id ?? answer.code;
  if (typeof name !== 'string') return;
  if (route.status === 201) void reply.header('location', `${pathOf(request)}/${name}`);
  // Long work is answered with its job.
  else if (route.status === 202) void reply.header('location', `/${API_PREFIX}${jobPath(name)}`);
}

/** Identity and what comes beside it; nothing of it counts without a valid assertion. */
export async function identify(request: FastifyRequest, verifier: AssertionVerifier): Promise<ContextOfRequest> {
  const context = contextOf(request);
  const { headers } = request;
  context.actor = await verifier.verify(headers[ASSERTION_HEADER]);
  const requestId = one(headers['x-request-id']);
  if (requestId && REQUEST_ID.test(requestId)) context.requestId = requestId;
  context.address = one(headers[CLIENT_ADDRESS_HEADER]);
  context.ifMatch = one(headers['if-match']);
  return context;
}

/**
 * The fingerprint is keyed: a body may hold a password, and nobody who reads the table shall be able to try guesses on it.
 * @throws CrmError validation-failed for a key that is no printable ASCII of at most 255 characters
 */
export function readIdempotencyKey(
  request: FastifyRequest,
  context: ContextOfRequest,
  route: ServiceRoute,
  secret: string,
): void {
  const key = one(request.headers['idempotency-key']);
  if (key === undefined || route.method === 'GET' || route.secret) return;
  if (!KEY.test(key))
    throw new CrmError('validation-failed', {}, [
      {
        path: 'Idempotency-Key',
        code: 'invalid_format',
        message: '1 to 255 printable ASCII characters · 1 至 255 个可打印 ASCII 字符',
      },
    ]);
  const fingerprintOf = (body: string) =>
    createHmac('sha256', secret).update(`${request.method} ${request.url}\n${body}`).digest('base64url');
  context.idempotency = {
    key,
    // A file has none before it has come in whole: then its digest is known.
    fingerprint: route.upload ? undefined : fingerprintOf(rawBody(request)),
    claimed: false,
    ofFile: (digest) => Object.assign(context.idempotency!, { fingerprint: fingerprintOf(digest) }),
  };
}

import { CrmError, type Method, ROUTES, serviceOfJob, type ServiceRoute } from '#contracts';
import { type Logger, toCrmError } from '#platform/without-database';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { Readable } from 'node:stream';
import type { AssertionSigner } from '../access/assertion.signer.js';
import type { Authenticator, Caller } from '../access/authenticator.js';
import type { GatewayConfig } from '../gateway.config.js';
import { hasBody } from '../http/body-timeout.js';
import { malformed } from '../http/request-line.js';
import { pathOf, sendProblem } from '../http/problem.js';
import { traceIdIn } from '../http/trace.js';
import { Admission } from './admission.js';
import { Exchange } from './exchange.js';
import { requestHeaders } from './headers.js';
import { ClientGone, Quota } from './quota.js';
import { callerKey, plainAddress, RateLimits } from './rate-limits.js';
import { BODY_LIMIT, readBody } from './request-body.js';
import type { Upstream } from './upstream.js';
import type { Upstreams } from './upstreams.js';

export const API_PREFIX = '/api/v1';
/** Bytes of bodies in memory at a time, of one caller and in all. */
const CALLER_BODIES = 8 * BODY_LIMIT;
const ALL_BODIES = 64 * BODY_LIMIT;
/** Uploads on their way at a time, of one caller and in all: each keeps a place at its service for long. */
const CALLER_UPLOADS = 2;
const ALL_UPLOADS = 8;
const JSON_BODY = /^application\/json\s*(?:;|$)/i;
const OTHER_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
}

export interface Forwarding {
  readonly config: GatewayConfig;
  readonly upstreams: Upstreams;
  readonly authenticator: Authenticator;
  readonly signer: AssertionSigner;
  readonly logger: Logger;
}

/** The API: each route of the contracts, checked and passed on to its service. What is not there is refused. */
export async function forwardApi(fastify: FastifyInstance, { config, ...parts }: Forwarding): Promise<void> {
  const { upstreams, authenticator, signer, logger } = parts;
  const routes = ROUTES.filter((route) => route.access !== 'gateway');
  fastify.decorateRequest('caller', null);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null));
  fastify.setErrorHandler((error, request, reply) => refuse(request, reply, error));

  const limits = await RateLimits.of(fastify, config);
  const admission = new Admission(upstreams, config.CONCURRENCY_LIMIT_SERVICE);
  fastify.addHook('onClose', async () => admission.stop());
  const inFlight = new Quota(config.CONCURRENCY_LIMIT_USER);
  const bodies = new Quota(CALLER_BODIES, ALL_BODIES);
  const uploads = new Quota(CALLER_UPLOADS, ALL_UPLOADS);

  function refuse(request: FastifyRequest, reply: FastifyReply, error: unknown, cause?: Error): void {
    const problem = error instanceof ClientGone ? malformed('the client went away') : toCrmError(error);
    const line = { requestId: request.id, traceId: traceIdIn(request.traceparent), path: pathOf(request.raw.url) };
    if (problem.code === 'internal') logger.error({ ...line, err: error }, 'unexpected error');
    else if (cause) logger.warn({ ...line, err: cause }, 'a service did not answer');
    sendProblem(request, reply, problem);
  }

  /** Tokens that were good before cost nothing; others are looked at only while few of them are forged. */
  async function identify(request: FastifyRequest): Promise<Caller> {
    const { authorization } = request.headers;
    try {
      const known = authenticator.known(authorization);
      if (known) return known;
      await limits.checkFailures(request);
      return await authenticator.meet(authorization);
    } catch (error) {
      if (error instanceof CrmError && error.status === 401) await limits.countFailure(request);
      throw error;
    }
  }

  /** 503 for what would have to wait, which costs nearly nothing, then 401, then 429, then 403. */
  async function admit(request: FastifyRequest, route?: ServiceRoute): Promise<void> {
    admission.enter(route && upstreamOf(route, request));
    if (route?.access !== 'public') request.caller = await identify(request);
    await limits.count(request, route);
    if (route && request.caller) authorize(request.caller, route);
    // The router takes "/opportunities/" for an opportunity without a name.
    if (Object.values(request.params as Record<string, string>).includes('')) throw new CrmError('route-not-found');
  }

  /** A job's id says which service runs it; undefined for one that none can have. */
  function upstreamOf({ ofJob, service }: ServiceRoute, request: FastifyRequest): Upstream | undefined {
    const asked = ofJob ? serviceOfJob((request.params as { id: string }).id) : service;
    return asked && upstreams.of(asked);
  }

  function forward(route: ServiceRoute): RouteHandlerMethod {
    return async (request, reply) => {
      const { raw, caller } = request;
      const upstream = upstreamOf(route, request);
      if (!upstream) throw new CrmError('not-found');
      const { service } = upstream;
      const key = callerKey(request);
      const body = hasBody(raw) ? await acceptBody(request, route, bodies.until(reply.raw, key)) : null;
      if (route.upload && body instanceof Readable) uploads.until(reply.raw, key)(1);
      const assertion = await (caller
        ? signer.assertion(caller.holder, caller.principal, service)
        : signer.anonymous(service));
      const passport = {
        assertion,
        address: plainAddress(request.ip),
        requestId: request.id,
        traceparent: request.traceparent,
      };
      inFlight.until(reply.raw, `${service} ${key}`)(1);
      admission.check(upstream);
      reply.hijack();
      const forwarded = {
        method: raw.method!,
        path: raw.url!,
        headers: requestHeaders(raw.headers, passport, body !== null),
        body,
      };
      const fail = (error: Error, cause?: Error) => refuse(request, reply, error, cause);
      new Exchange(upstream, forwarded, reply.raw, passport, fail).start();
    };
  }

  for (const route of routes)
    fastify.route({
      method: route.method === 'GET' ? ['GET', 'HEAD'] : route.method,
      url: route.path,
      onRequest: (request) => admit(request, route),
      handler: forward(route),
    });

  for (const [url, methods] of methodsByPath(routes)) {
    const allow = methods.join(', ');
    fastify.route({
      method: OTHER_METHODS.filter((method) => !methods.includes(method)),
      url,
      onRequest: (request) => admit(request),
      handler: () => {
        throw new CrmError('method-not-allowed', { allow });
      },
    });
  }

  fastify.setNotFoundHandler(async (request) => {
    await admit(request);
    throw new CrmError('route-not-found');
  });
}

function authorize({ principal }: Caller, route: ServiceRoute): void {
  if (principal.mustChangePassword && !route.beforePasswordChange) throw new CrmError('password-change-required');
  if (route.access === 'signed-in' || route.access === 'public' || route.access === 'gateway') return;
  if (!principal.rights[route.access]) throw new CrmError('forbidden', { right: route.access });
}

async function acceptBody(request: FastifyRequest, route: ServiceRoute, hold: (bytes: number) => void) {
  const { headers } = request;
  if (route.method === 'GET') throw malformed(`${request.method} has no body · ${request.method} 请求不能带请求体`);
  const type = headers['content-type'] ?? '';
  if (route.upload ? !route.upload.includes(essenceOf(type)) : route.body && !JSON_BODY.test(type))
    throw unsupported(route);
  if (headers['content-encoding'] && headers['content-encoding'] !== 'identity') throw unsupported(route);
  return readBody(request.raw, route.bodyLimit ?? BODY_LIMIT, hold, route.upload !== undefined);
}

/** The type without what is said besides. */
const essenceOf = (type: string): string => type.split(';', 1)[0]!.trim().toLowerCase();
const unsupported = ({ upload = ['application/json'] }: ServiceRoute) =>
  new CrmError('unsupported-media-type', { accepted: upload });

function methodsByPath(routes: readonly ServiceRoute[]): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  for (const { path, method } of routes) {
    const implied: (Method | 'HEAD')[] = method === 'GET' ? ['GET', 'HEAD'] : [method];
    paths.set(path, [...(paths.get(path) ?? []), ...implied]);
  }
  return paths;
}

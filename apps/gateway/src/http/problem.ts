import type { CrmError } from '#contracts';
import { type Language, preferredLanguage, problemDocument, problemHeaders } from '#platform/without-database';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { traceIdIn } from './trace.js';

/** The headers that a refusal of the gateway carries beside its body. */
export function refusalHeaders(error: CrmError, language: Language): Record<string, string> {
  const headers = { ...problemHeaders(error, language), 'cache-control': 'no-store' } as Record<string, string>;
  if (error.status === 401) headers['www-authenticate'] = 'Bearer';
  // The rest of a body that comes too slowly is not waited for.
  if (error.status === 408) headers['connection'] = 'close';
  if (error.status === 405) headers['allow'] = String(error.parameters.allow);
  return headers;
}

/** Answers with the problem, on the raw response where Fastify has let go of it. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: CrmError): void {
  const { traceparent } = request;
  const language = preferredLanguage(request.headers['accept-language']);
  const headers = refusalHeaders(error, language);
  const body = JSON.stringify(problemDocument(error, language, pathOf(request.raw.url), traceIdIn(traceparent)));
  if (!reply.sent) {
    void reply.code(error.status).headers(headers).send(body);
    return;
  }
  if (reply.raw.headersSent || reply.raw.destroyed) return;
  reply.raw.writeHead(error.status, { ...headers, 'x-request-id': request.id, traceparent });
  reply.raw.end(body);
}

/** The address without what was asked for, which may be personal. */
export const pathOf = (url = ''): string => url.split('?', 1)[0]!;

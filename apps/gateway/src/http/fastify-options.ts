import { problemDocument } from '#platform/without-database';
import type { FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { malformed } from './request-line.js';
import { refusalHeaders, sendProblem } from './problem.js';
import { traceIdIn, traceparentFor } from './trace.js';

const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

declare module 'fastify' {
  interface FastifyRequest {
    /** W3C trace context of this request: the client's trace if it sent a valid one. */
    traceparent: string;
  }
}

/** What both Fastify instances have in common: how requests are named, whom to believe, and what is unreadable. */
export function fastifyOptions(trustedProxies: string | undefined) {
  return {
    logger: false,
    bodyLimit: 100 * 1024,
    return503OnClosing: false,
    trustProxy: trustedProxies ? trustedProxies.split(',').map((address) => address.trim()) : false,
    genReqId: requestId,
    clientErrorHandler: unreadable,
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) => {
      request.traceparent = traceparentFor(request.headers.traceparent);
      void reply.header('x-request-id', request.id).header('traceparent', request.traceparent);
      sendProblem(request, reply, malformed('the path is not properly encoded · 路径编码有误'));
    },
    routerOptions: { maxParamLength: 200 },
  } as const satisfies FastifyServerOptions & Record<string, unknown>;
}

function requestId(request: { headers: IncomingMessage['headers'] }): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && SANE_REQUEST_ID.test(sent) ? sent : randomUUID();
}

/** Bytes that are no HTTP request: no route, no request object, just the socket. */
function unreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason] = STATUS_OF[error.code ?? ''] ?? [400, 'Bad Request'];
  const traceparent = traceparentFor(undefined);
  const problem = malformed(error.code ?? 'bad framing · 报文格式有误');
  const body = JSON.stringify({ ...problemDocument(problem, 'en', '', traceIdIn(traceparent)), status });
  const headers = {
    ...refusalHeaders(problem, 'en'),
    connection: 'close',
    'content-length': Buffer.byteLength(body),
    'x-request-id': randomUUID(),
    traceparent,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

const STATUS_OF: Record<string, readonly [number, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
};

import type { Logger } from '#platform/without-database';
import type { FastifyInstance } from 'fastify';
import { traceIdIn } from './trace.js';

/** What nginx calls it when the client did not wait for the answer. */
const CLIENT_CLOSED = 499;

/** One line for each request, once its answer is out. Route patterns instead of addresses: those may hold names. */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  if (!logger.isLevelEnabled('info')) return;
  fastify.addHook('onRequest', (request, reply, done) => {
    const begun = performance.now();
    const { raw } = reply;
    raw.once('close', () =>
      logger.info(
        {
          method: request.method,
          route: request.routeOptions.url,
          status: raw.writableFinished ? raw.statusCode : CLIENT_CLOSED,
          ms: Math.round(performance.now() - begun),
          principalId: request.caller?.principal.id,
          traceId: traceIdIn(request.traceparent),
          requestId: request.id,
        },
        'request',
      ),
    );
    done();
  });
}

import { CrmError } from '#contracts';
import type { FastifyInstance } from 'fastify';
import { sendProblem } from './problem.js';
import { checkRequestLine } from './request-line.js';
import { traceparentFor } from './trace.js';

/** What every request meets first: its trace, its id, and the refusal of ambiguous ones. */
export function guardTheEdge(fastify: FastifyInstance): void {
  fastify.decorateRequest('traceparent', '');
  fastify.addHook('onRequest', (request, reply, done) => {
    request.traceparent = traceparentFor(request.headers.traceparent);
    void reply.header('x-request-id', request.id).header('traceparent', request.traceparent);
    try {
      checkRequestLine(request.raw);
      done();
    } catch (error) {
      sendProblem(request, reply, error as CrmError);
    }
  });
}

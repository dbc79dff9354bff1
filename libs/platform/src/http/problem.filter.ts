import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Observable, throwError } from 'rxjs';
import { AnsweredBefore } from '../db/unit-of-work.js';
import { preferredLanguage } from '../context/request-context.js';
import type { Logger } from '../logging/logger.js';
import { LOGGER } from '../start/tokens.js';
import { problemDocument, problemHeaders, toCrmError } from './problem.js';
import { contextOf, pathOf } from './request.hook.js';

/**
 * Every error of a request leaves as problem details, and a repeated Idempotency-Key as the first answer;
 * those of event handlers go on to the inbox, which knows what to do.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): Observable<never> | void {
    if (host.getType() !== 'http') return throwError(() => error);
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof AnsweredBefore) {
      void reply.status(error.status).send(error.answer);
      return;
    }
    const problem = toCrmError(error);
    // Fastify may have refused it before it had one.
    const context = contextOf(request);
    const { traceId, requestId } = context ?? {};
    const line = { err: error, path: request.url, traceId, requestId };
    if (problem.status === 500) this.logger.error(line, problem.code);
    // Not being ready yet is an answer, not an incident.
    else if (problem.status > 500 && !(error instanceof HttpException)) this.logger.warn(line, problem.code);
    const language = context?.language ?? preferredLanguage(request.headers['accept-language']);
    void reply
      .status(problem.status)
      .headers(problemHeaders(problem, language))
      .send(JSON.stringify(problemDocument(problem, language, pathOf(request), traceId)));
  }
}

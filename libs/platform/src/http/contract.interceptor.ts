import { CrmError, type ServiceRoute } from '#contracts';
import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, map, type Observable, of } from 'rxjs';
import { DataSource } from 'typeorm';
import { parseListQuery } from '../db/list.js';
import { type RecordPolicy, visibleTo } from '../db/record-policy.js';
import { AnsweredBefore } from '../db/unit-of-work.js';
import type { ServiceConfig } from '../config/service-settings.js';
import { RECORD_POLICIES, SERVICE_CONFIG } from '../start/tokens.js';
import { ROUTE } from './handles.decorator.js';
import { type ContextOfRequest, contextOf, readIdempotencyKey } from './request.hook.js';
import { validate } from './validation.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

interface Answer {
  readonly id?: unknown;
  readonly version?: unknown;
}

/**
 * Holds a request to its route's contract: the record of the path (id or code), then the body and query, in that order;
 * on the way out `ETag` and `Location`, and the first answer for a repeated Idempotency-Key.
 */
@Injectable()
export class ContractInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly dataSource: DataSource,
    @Inject(RECORD_POLICIES) private readonly policies: readonly RecordPolicy[],
    @Inject(SERVICE_CONFIG) private readonly config: ServiceConfig,
  ) {}

  async intercept(execution: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const route =
      execution.getType() === 'http'
        ? this.reflector.get<ServiceRoute | undefined>(ROUTE, execution.getHandler())
        : undefined;
    if (!route) return next.handle();
    const request = execution.switchToHttp().getRequest<FastifyRequest>();
    const reply = execution.switchToHttp().getResponse<FastifyReply>();
    const context = contextOf(request);
    const seen = await this.resolveRecord(route, request, context);
    context.targetId = Object.values(request.params as Record<string, string>).at(-1);
    try {
      this.readInput(route, request, context);
    } catch (error) {
      // A missing record is answered before a bad body.
      if (route.record && context.recordId && !seen) await this.lookUp(route.record, context.recordId, context);
      throw error;
    }
    return next.handle().pipe(
      map((answer: unknown) => answerWith(reply, request, route, answer)),
      catchError((error: unknown) => {
        if (!(error instanceof AnsweredBefore)) throw error;
        void reply.status(error.status);
        return of(answerWith(reply, request, route, error.answer));
      }),
    );
  }

  /** Puts the id where the path has a code. Returns whether the record was looked at. */
  private async resolveRecord(
    route: ServiceRoute,
    request: FastifyRequest,
    context: ContextOfRequest,
  ): Promise<boolean> {
    const parameters = request.params as Record<string, string>;
    for (const [name, value] of Object.entries(parameters))
      if (UUID.test(value)) parameters[name] = value.toLowerCase();
      else if (name !== 'id' && name.endsWith('Id')) throw new CrmError('not-found');
    if (!route.record || parameters.id === undefined) return false;
    context.recordId = parameters.id;
    if (UUID.test(parameters.id)) return false;
    context.recordId = await this.lookUp(route.record, parameters.id, context);
    parameters.id = context.recordId;
    return true;
  }

  private async lookUp(kind: string, idOrCode: string, context: ContextOfRequest): Promise<string> {
    const policy = this.policies.find((each) => each.kind === kind);
    if (!policy) throw new Error(`No record policy for ${kind}`);
    const isId = UUID.test(idOrCode);
    if ((!isId && !policy.code) || idOrCode.includes('\0')) throw new CrmError('not-found');
    const parameters: unknown[] = [isId ? idOrCode : idOrCode.toUpperCase()];
    const condition = visibleTo(policy, context.actor, parameters);
    const [row] = await this.dataSource.query<Array<{ id: string }>>(
      `SELECT t.id FROM ${policy.table} t WHERE ${isId ? 't.id' : `t.${policy.code}`} = $1 AND ${condition}`,
      parameters,
    );
    if (!row) throw new CrmError('not-found');
    return row.id;
  }

  private readInput(route: ServiceRoute, request: FastifyRequest, context: ContextOfRequest): void {
    // All copies of a service share the address of its database, and with it the password in it.
    readIdempotencyKey(request, context, route, this.config.DATABASE_URL);
    if (route.body) request.body = validate(route.body, request.body, context.language);
    else if (request.body !== undefined && !isEmpty(request.body))
      throw new CrmError('validation-failed', {}, [
        { path: '', code: 'unknown_field', message: 'this request takes no body · 此请求不接受请求体' },
      ]);
    const query = request.query as Record<string, unknown>;
    if (route.list) request.query = parseListQuery(route.list, query, request.url.split('?', 1)[0]!);
    else if (route.query) request.query = validate(route.query, query, context.language);
    else if (Object.keys(query).length > 0)
      throw new CrmError(
        'validation-failed',
        {},
        Object.keys(query)
          .slice(0, 50)
          .map((path) => ({
            path: path.slice(0, 100),
            code: 'unknown_field',
            message: 'this request takes no query · 此请求不接受查询参数',
          })),
      );
  }
}

const isEmpty = (body: unknown): boolean =>
  body === null || (typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0);

function answerWith(reply: FastifyReply, request: FastifyRequest, route: ServiceRoute, answer: unknown): unknown {
  const { id, version } = (answer ?? {}) as Answer;
  if (typeof version === 'number') void reply.header('etag', `"${version}"`);
  if (route.status === 201 && typeof id === 'string')
    void reply.header('location', `${request.url.split('?', 1)[0]}/${id}`);
  return answer;
}

import { CrmError, type ServiceRoute } from '#contracts';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { parseListQuery } from '../db/list-query.js';
import { type RecordPolicy, visibleTo } from '../db/record-policy.js';
import { runSql } from '../db/sql.js';
import { answeredBefore } from '../db/unit-of-work.js';
import type { ServiceConfig } from '../config/service-settings.js';
import { RECORD_POLICIES, SERVICE_CONFIG } from '../start/tokens.js';
import { type ContextOfRequest, contextOf, pathOf, readIdempotencyKey } from './request.hook.js';
import { requireUpload, Upload } from './upload.js';
import { validate } from './validation.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A `:name` in a route's path. */
interface Place {
  readonly name: string;
  /** `contactId` and the like; `id` takes a code too. */
  readonly idOnly: boolean;
}

/**
 * Holds a request to its route's contract: the record of the path (id or code), then the body and query, in that order.
 * Runs after the RightsGuard, which says the route; no interceptor, because a single one puts rxjs in the way of each request.
 */
@Injectable()
export class ContractGuard implements CanActivate {
  private readonly policies: ReadonlyMap<string, RecordPolicy>;
  private readonly places = new Map<ServiceRoute, readonly Place[]>();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(RECORD_POLICIES) policies: readonly RecordPolicy[],
    @Inject(SERVICE_CONFIG) private readonly config: ServiceConfig,
  ) {
    this.policies = new Map(policies.map((policy) => [policy.kind, policy]));
  }

  /** At once where no record has to be looked up, which is nearly always. */
  canActivate(execution: ExecutionContext): boolean | Promise<boolean> {
    if (execution.getType() !== 'http') return true;
    const request = execution.switchToHttp().getRequest<FastifyRequest>();
    const context = contextOf(request);
    const { route } = context;
    // The addresses of operation have none.
    if (!route) return true;
    const places = this.placesOf(route);
    const parameters = request.params as Record<string, string>;
    for (const { name, idOnly } of places) {
      const value = parameters[name]!;
      if (UUID.test(value)) parameters[name] = value.toLowerCase();
      else if (idOnly) throw new CrmError('not-found');
      context.targetId = parameters[name];
    }
    const { record } = route;
    const { id } = parameters;
    if (record === undefined) return this.readInput(route, request, context);
    if (id === undefined)
      return this.policies.get(record)?.key
        ? this.resolveKey(route, record, request, context)
        : this.readInput(route, request, context);
    context.recordId = id;
    if (!UUID.test(id)) return this.resolveCode(route, record, request, context, id);
    const policy = this.policies.get(record);
    if (policy?.successor && !route.followsSuccessor) return this.follow(policy, route, request, context, id);
    return this.readInputOf(record, route, request, context, id);
  }

  private placesOf(route: ServiceRoute): readonly Place[] {
    let places = this.places.get(route);
    if (!places) {
      places = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
        name: name!,
        idOnly: name !== 'id' && name!.endsWith('Id'),
      }));
      this.places.set(route, places);
    }
    return places;
  }

  /** Puts the id where the path has a code. */
  private async resolveCode(
    route: ServiceRoute,
    record: string,
    request: FastifyRequest,
    context: ContextOfRequest,
    code: string,
  ): Promise<boolean> {
    const id = await this.orAnswered(this.lookUp(record, code, context), route, request, context);
    this.putId(route, request, context, id);
    return this.readInput(route, request, context);
  }

  /** What is not found may be gone, or back, by this very request, which came before: then it gets the answer that it had (ALL-3). */
  private async orAnswered(
    looking: Promise<string>,
    route: ServiceRoute,
    request: FastifyRequest,
    context: ContextOfRequest,
  ): Promise<string> {
    try {
      return await looking;
    } catch (error) {
      readIdempotencyKey(request, context, route, this.config.DATABASE_URL);
      throw (await answeredBefore(this.dataSource.manager, context)) ?? error;
    }
  }

  /** Puts the id of the record that took the place of the one in the path, where there is one. */
  private async follow(
    policy: RecordPolicy,
    route: ServiceRoute,
    request: FastifyRequest,
    context: ContextOfRequest,
    id: string,
  ): Promise<boolean> {
    const [row] = await runSql<{ id: string | null }>(
      this.dataSource.manager,
      `SELECT ${policy.successor} AS id FROM ${policy.table} WHERE id = $1`,
      [id],
    );
    const now = row?.id ?? id;
    this.putId(route, request, context, now);
    return this.readInputOf(policy.kind, route, request, context, now);
  }

  private putId(route: ServiceRoute, request: FastifyRequest, context: ContextOfRequest, id: string): void {
    (request.params as Record<string, string>).id = id;
    context.recordId = id;
    if (this.placesOf(route).at(-1)?.name === 'id') context.targetId = id;
  }

  private readInputOf(
    record: string,
    route: ServiceRoute,
    request: FastifyRequest,
    context: ContextOfRequest,
    id: string,
  ): boolean | Promise<boolean> {
    try {
      return this.readInput(route, request, context);
    } catch (error) {
      return this.refuse(record, id, context, error);
    }
  }

  /** Finds the record of a path without an id, and puts its id beside the places of the path. */
  private async resolveKey(
    route: ServiceRoute,
    record: string,
    request: FastifyRequest,
    context: ContextOfRequest,
  ): Promise<boolean> {
    const policy = this.policyOf(record);
    const places = request.params as Record<string, string>;
    if (Object.values(places).some((value) => value.includes('\0'))) throw new CrmError('not-found');
    const parameters: unknown[] = [];
    const key = policy.key!.replace(/:(\w+)/g, (_, name: string) => `$${parameters.push(places[name])}`);
    const id = await this.orAnswered(this.findOne(policy, key, parameters, context), route, request, context);
    places.id = id;
    context.recordId = context.targetId = id;
    return this.readInput(route, request, context);
  }

  /** A missing record is answered before a bad body. */
  private async refuse(record: string, id: string, context: ContextOfRequest, error: unknown): Promise<never> {
    await this.lookUp(record, id, context);
    throw error;
  }

  private lookUp(kind: string, idOrCode: string, context: ContextOfRequest): Promise<string> {
    const policy = this.policyOf(kind);
    const isId = UUID.test(idOrCode);
    if ((!isId && !policy.code) || idOrCode.includes('\0')) throw new CrmError('not-found');
    const value = isId ? idOrCode : idOrCode.toUpperCase();
    const named = `${isId ? 'id' : policy.code} = $1`;
    const { successor, table } = policy;
    const key = successor
      ? `t.id = (SELECT coalesce(n.${successor}, n.id) FROM ${table} n WHERE n.${named})`
      : `t.${named}`;
    return this.findOne(policy, key, [value], context);
  }

  private async findOne(
    policy: RecordPolicy,
    key: string,
    parameters: unknown[],
    context: ContextOfRequest,
  ): Promise<string> {
    const condition = visibleTo(policy, context.actor, parameters);
    const [row] = await this.dataSource.query<Array<{ id: string }>>(
      `SELECT t.id FROM ${policy.table} t WHERE ${key} AND ${condition} LIMIT 1`,
      parameters,
    );
    if (!row) throw new CrmError('not-found');
    return row.id;
  }

  private policyOf(kind: string): RecordPolicy {
    const policy = this.policies.get(kind);
    if (!policy) throw new Error(`No record policy for ${kind}`);
    return policy;
  }

  /** True, for the guard: what does not hold throws. */
  private readInput(route: ServiceRoute, request: FastifyRequest, context: ContextOfRequest): true {
    // All copies of a service share the address of its database, and with it the password in it.
    readIdempotencyKey(request, context, route, this.config.DATABASE_URL);
    if (route.upload) request.body = requireUpload(route, request.body);
    else if (request.body instanceof Upload)
      throw new CrmError('unsupported-media-type', { accepted: ['application/json'] });
    else if (route.body) request.body = validate(route.body, request.body);
    else if (request.body !== undefined && !isEmpty(request.body))
      throw new CrmError('validation-failed', {}, [
        { path: '', code: 'unknown_field', message: 'this request takes no body · 此请求不接受请求体' },
      ]);
    const query = request.query as Record<string, unknown>;
    if (route.list) request.query = parseListQuery(route.list, query, pathOf(request));
    else if (route.query) request.query = validate(route.query, query);
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
    return true;
  }
}

const isEmpty = (body: unknown): boolean =>
  body === null || (typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0);

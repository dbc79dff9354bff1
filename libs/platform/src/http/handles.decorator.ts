import type { ServiceRoute } from '#contracts';
import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { RequestContext } from '../context/request-context.js';
import { contextOf } from './request.hook.js';

export const ROUTE = 'crm:route';
/** Marks the addresses that belong to operation (health) and stand outside the API. */
export const OPERATIONAL = 'crm:operational';
export const Operational = (): ClassDecorator => SetMetadata(OPERATIONAL, true);

const statusOf = (route: ServiceRoute): number => route.status ?? (route.response ? 200 : 204);

/** Binds a controller's method to a route of the contracts: verb, path, right, and the schemas of body, query and answer. */
export const Handles = (route: ServiceRoute): MethodDecorator =>
  applyDecorators(
    RequestMapping({ path: route.path, method: RequestMethod[route.method] }),
    HttpCode(statusOf(route)),
    SetMetadata(ROUTE, route),
  );

const contextIn = (execution: ExecutionContext): RequestContext =>
  contextOf(execution.switchToHttp().getRequest<FastifyRequest>());

/** Who asks, as the gateway's assertion says. */
export const CurrentActor = createParamDecorator((_, execution) => contextIn(execution).actor);
/** The same and all else that is known of the request: for what it changes. */
export const CurrentContext = createParamDecorator((_, execution) => contextIn(execution));

import type { ServiceRoute } from '#contracts';
import {
  applyDecorators,
  createParamDecorator,
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
} from '@nestjs/common';
import { ANONYMOUS, currentContext } from '../context/request-context.js';

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

/** Who asks, as the gateway's assertion says. */
export const CurrentActor = createParamDecorator(() => currentContext()?.actor ?? ANONYMOUS);

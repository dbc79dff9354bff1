import { JOB_SERVICES, ROUTES, type ServiceName, type ServiceRoute } from '#contracts';
import { RequestMethod } from '@nestjs/common';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { OPERATIONAL, ROUTE } from '../http/handles.decorator.js';

const address = (method: string, path: string): string => `${method} ${path}`;

/**
 * A controller's address without a line in the contracts has no right, so nobody may reach it: the service does not start.
 * Nor does it when the contracts promise an address that no controller has.
 */
export function checkRoutes(service: ServiceName, discovery: DiscoveryService, scanner: MetadataScanner): void {
  const declared = new Map(
    ROUTES.filter((route) => (route.ofJob ? JOB_SERVICES.includes(service) : route.service === service)).map(
      (route) => [address(route.method, route.path), route],
    ),
  );
  const problems: string[] = [];
  for (const { instance, metatype } of discovery.getControllers()) {
    if (!metatype || !instance || Reflect.getMetadata(OPERATIONAL, metatype)) continue;
    const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const handler = prototype[name]!;
      const path = Reflect.getMetadata('path', handler) as string | undefined;
      const method = Reflect.getMetadata('method', handler) as number | undefined;
      if (path === undefined || method === undefined) continue;
      const route = Reflect.getMetadata(ROUTE, handler) as ServiceRoute | undefined;
      const at = address(RequestMethod[method]!, path);
      if (!route || !declared.delete(at))
        problems.push(`${metatype.name}.${name} serves ${at}, which the contracts give no right to`);
    }
  }
  for (const at of declared.keys()) problems.push(`no controller serves ${at}`);
  if (problems.length > 0)
    throw new Error(`The controllers of ${service} differ from the contracts: ${problems.join('; ')}`);
}

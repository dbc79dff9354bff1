import { CrmError, hasScope, type ServiceRoute } from '#contracts';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { ServiceConfig } from '../config/service-settings.js';
import { SERVICE_CONFIG, SERVICE_NAME } from '../start/tokens.js';
import { AssertionVerifier } from './assertion.js';
import { OPERATIONAL, ROUTE } from './handles.decorator.js';
import { identify } from './request.hook.js';

/** The second check of identity and right: a service can be reached inside the cluster, so it does not trust that the gateway asked. */
@Injectable()
export class RightsGuard implements CanActivate {
  private readonly verifier: AssertionVerifier;

  constructor(
    private readonly reflector: Reflector,
    @Inject(SERVICE_CONFIG) config: ServiceConfig,
    @Inject(SERVICE_NAME) service: string,
  ) {
    this.verifier = new AssertionVerifier(config.GATEWAY_PUBLIC_KEYS, service);
  }

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    if (execution.getType() !== 'http' || this.reflector.get<boolean>(OPERATIONAL, execution.getClass())) return true;
    const route = this.reflector.get<ServiceRoute | undefined>(ROUTE, execution.getHandler());
    if (!route) throw new CrmError('route-not-found');
    const context = await identify(execution.switchToHttp().getRequest<FastifyRequest>(), this.verifier);
    context.route = route;
    const { actor } = context;
    const { access } = route;
    if (access === 'public') return true;
    if (access === 'gateway' ? actor.kind !== 'gateway' : actor.kind === 'anonymous' || actor.kind === 'gateway')
      throw new CrmError('unauthenticated');
    if (access !== 'signed-in' && access !== 'gateway' && !hasScope(access, actor.rights[access]))
      throw new CrmError('forbidden', { right: access });
    return true;
  }
}

import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { type Logger, LOGGER, type Neighbours } from '#platform/without-database';
import { AccessCopy } from './access/access.copy.js';
import { AccessTokenStrategy } from './access/access-token.strategy.js';
import { AssertionSigner } from './access/assertion.signer.js';
import { Authenticator } from './access/authenticator.js';
import type { GatewayConfig } from './gateway.config.js';
import { GATEWAY_CONFIG, NEIGHBOURS } from './gateway.tokens.js';
import { HealthController } from './health/health.controller.js';
import { Readiness } from './health/readiness.js';
import { ProblemFilter } from './http/problem.filter.js';
import { Upstreams } from './proxy/upstreams.js';

/** The gateway on one page: who may come in (access), and where requests go (proxy). */
@Module({})
export class GatewayModule {
  static with(config: GatewayConfig, logger: Logger, neighbours: Neighbours): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [HealthController],
      providers: [
        { provide: GATEWAY_CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: NEIGHBOURS, useValue: neighbours },
        { provide: APP_FILTER, useClass: ProblemFilter },
        Upstreams,
        AssertionSigner,
        AccessCopy,
        AccessTokenStrategy,
        Authenticator,
        Readiness,
      ],
    };
  }
}

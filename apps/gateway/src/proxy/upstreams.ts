import { Inject, Injectable } from '@nestjs/common';
import { SERVICES, type ServiceName } from '#contracts';
import { type Logger, LOGGER, type Neighbours } from '#platform/without-database';
import { GatewayConfig, serviceUrls } from '../gateway.config.js';
import { GATEWAY_CONFIG, NEIGHBOURS } from '../gateway.tokens.js';
import { Upstream } from './upstream.js';

/** Where each service is. */
@Injectable()
export class Upstreams {
  private readonly byService: ReadonlyMap<ServiceName, Upstream>;

  constructor(
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    @Inject(LOGGER) logger: Logger,
    @Inject(NEIGHBOURS) neighbours: Neighbours,
  ) {
    const urls = serviceUrls(config);
    this.byService = new Map(
      SERVICES.map((service) => [service, new Upstream(service, urls[service], logger, neighbours)]),
    );
  }

  of(service: ServiceName): Upstream {
    return this.byService.get(service)!;
  }

  /** Requests that the services have not answered in full. */
  get inFlight(): number {
    let sum = 0;
    for (const upstream of this.byService.values()) sum += upstream.inFlight;
    return sum;
  }

  /** Services that were not ready once yet. */
  get missing(): ServiceName[] {
    return [...this.byService.values()].filter((upstream) => !upstream.wasReady).map(({ service }) => service);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.byService.values()].map((upstream) => upstream.stop()));
  }
}

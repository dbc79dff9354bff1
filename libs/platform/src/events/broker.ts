import type { NatsConnection } from '@nats-io/transport-node';

/** The service's connection to NATS, which comes when NATS does. */
export class Broker {
  constructor(readonly connection: Promise<NatsConnection>) {}
}

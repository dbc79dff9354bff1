import { setTimeout as pause } from 'node:timers/promises';
import { ROUTES } from '#contracts';
import { DiscoveryService, MetadataScanner, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import type { ServiceConfig } from '../config/service-settings.js';
import { type EventHandler, EventInbox } from '../events/event-inbox.js';
import { JetStreamTransport } from '../events/jetstream-transport.js';
import { Broker } from '../events/broker.js';
import { connectNats } from '../events/nats-connection.js';
import { OutboxRelay } from '../events/outbox-relay.js';
import { ProjectionLag } from '../events/projection-lag.js';
import { RelaySignal } from '../events/relay-signal.js';
import { acceptJson } from '../http/json-body.js';
import { GENERAL_BODY_LIMIT } from '../http/problem.js';
import { acceptUploads } from '../http/upload.js';
import { installContext } from '../http/request.hook.js';
import { HandedRequests } from '../http/serve.js';
import { createLogger, nestLogger } from '../logging/logger.js';
import { checkRoutes } from './check-routes.js';
import { Readiness } from './readiness.js';
import type { RunningApp } from './run-main.js';
import { type ServiceDefinition, ServiceModule } from './service.module.js';
import { API_PREFIX, EVENT_HANDLERS } from './tokens.js';

/** What a stop waits for clients that read slowly what this service gives them. */
const SETTLE_MS = 5000;

/** Starts a service; resolves when its port listens. Whether it is ready is asked at `/health/ready`. */
export async function startService(definition: ServiceDefinition, config: ServiceConfig): Promise<RunningApp> {
  const { service } = definition;
  const logger = createLogger(service, config.LOG_LEVEL);
  const bodyLimit = Math.max(
    GENERAL_BODY_LIMIT,
    ...ROUTES.filter((route) => route.service === service && !route.upload).map((route) => route.bodyLimit ?? 0),
  );
  const adapter = new FastifyAdapter({ bodyLimit, return503OnClosing: false, routerOptions: { maxParamLength: 200 } });
  acceptJson(adapter);
  // As a text each answer would be encoded twice: to be measured, and to be sent.
  adapter.getInstance().setReplySerializer((answer) => Buffer.from(JSON.stringify(answer)) as never);
  acceptUploads(adapter, service);
  installContext(adapter.getInstance());
  const handed = new HandedRequests(adapter.getInstance());
  const broker = new Broker(connectNats(`crm-${service}`, config, logger));
  const app = await NestFactory.create<NestFastifyApplication>(
    ServiceModule.of(definition, config, logger, broker),
    adapter,
    {
      logger: nestLogger(logger),
      abortOnError: false,
      bodyParser: false,
    },
  );
  const relay = new OutboxRelay(
    { service, databaseUrl: config.DATABASE_URL, natsUser: config.NATS_USER },
    app.get(RelaySignal),
    logger,
  );
  const transport = new JetStreamTransport(
    service,
    broker,
    app.get(DataSource),
    app.get(EventInbox),
    app.get<Map<string, EventHandler>>(EVENT_HANDLERS),
    logger,
  );
  let stopping = false;
  adapter.getInstance().addHook('onSend', (_request, reply, _payload, done) => {
    if (stopping) void reply.header('connection', 'close');
    done();
  });
  try {
    app.setGlobalPrefix(API_PREFIX, { exclude: ['health/live', 'health/ready'] });
    checkRoutes(service, app.get(DiscoveryService), app.get(MetadataScanner, { strict: false }));
    app.get(ProjectionLag).follow(transport.states);
    app.connectMicroservice({ strategy: transport }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    await app.listen(config.PORT, config.HOST);
  } catch (error) {
    // Not by closing the application: an adapter that did not start never says that it is closed.
    await transport.close();
    await app.get(DataSource).destroy();
    void broker.connection.then((nats) => nats.close());
    throw error;
  }
  void broker.connection.then((nats) => (stopping ? nats.close() : relay.start(nats)));
  return {
    name: service,
    url: await app.getUrl(),
    serve: handed.serve,
    stop: async () => {
      stopping = true;
      app.get(Readiness).drain();
      // Whoever uses a connection learns from an answer that it ends; closed at once, a request could be on its way on it.
      await pause(config.DRAIN_MS);
      await handed.settled(SETTLE_MS);
      await app.close();
      await relay.stop();
      const nats = await Promise.race([broker.connection, Promise.resolve(undefined)]);
      await nats?.drain().catch(() => undefined);
    },
  };
}

import helmet from '@fastify/helmet';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { fastify } from 'fastify';
import { once } from 'node:events';
import type { Server as TcpServer } from 'node:net';
import {
  createLogger,
  type Environment,
  loadConfig,
  nestLogger,
  type Neighbours,
  type RunningApp,
} from '#platform/without-database';
import { AssertionSigner } from './access/assertion.signer.js';
import { Authenticator } from './access/authenticator.js';
import { GatewayConfig } from './gateway.config.js';
import { GatewayModule } from './gateway.module.js';
import { Readiness } from './health/readiness.js';
import { guardTheEdge } from './http/edge.plugin.js';
import { fastifyOptions } from './http/fastify-options.js';
import { FurtherAcceptors } from './http/further-acceptors.js';
import { alsoListen, MAX_CONNECTIONS, publicServer } from './http/public.server.js';
import { logRequests } from './http/request-log.plugin.js';
import { openApiDocument } from './openapi/openapi-document.js';
import { API_PREFIX, forwardApi } from './proxy/forward.plugin.js';
import { Upstreams } from './proxy/upstreams.js';

/** Requests that still run this long after the stop began are cut. */
const STOP_MS = 20_000;
const SWEEP_MS = 100;

const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    // Swagger UI sets styles inline and shows its logo from a data: URL.
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    objectSrc: ["'none'"],
    baseUri: ["'self'"],
    frameAncestors: ["'none'"],
  },
};

/** Starts the gateway. Resolves when its port listens. Throws ConfigError, or the error of a port that can't be had. */
export async function start(environment: Environment, neighbours: Neighbours = new Map()): Promise<RunningApp> {
  const config = loadConfig(GatewayConfig, environment);
  const logger = createLogger('gateway', config.LOG_LEVEL);
  const options = fastifyOptions(config.TRUSTED_PROXIES);
  // The API is what has to be fast, so it has a Fastify of its own; Nest's serves health, keys and documentation.
  const api = fastify(options);
  let stopping = false;
  const serverFactory = publicServer(
    `${API_PREFIX}/`,
    (request, response) => api.routing(request, response),
    () => stopping,
  );
  const adapter = new FastifyAdapter({ ...options, serverFactory });
  const app = await NestFactory.create<NestFastifyApplication>(
    GatewayModule.with(config, logger, neighbours),
    adapter,
    {
      bodyParser: false,
      abortOnError: false,
      logger: nestLogger(logger),
    },
  );
  logRequests(api, logger);
  guardTheEdge(api);
  await api.register(forwardApi, {
    prefix: API_PREFIX,
    config,
    upstreams: app.get<Upstreams>(Upstreams),
    authenticator: app.get<Authenticator>(Authenticator),
    signer: app.get<AssertionSigner>(AssertionSigner),
    logger,
  });
  await api.ready();
  guardTheEdge(adapter.getInstance());
  await app.register(helmet, { contentSecurityPolicy, strictTransportSecurity: false });
  // Whoever opens the address of the CRM in a browser finds what it can do.
  adapter.getInstance().get('/', (_request, reply) => reply.redirect('/docs'));
  SwaggerModule.setup('docs', app, openApiDocument() as never, { jsonDocumentUrl: 'openapi.json', raw: ['json'] });

  let listening: TcpServer[];
  try {
    listening = await listen(app, config);
  } catch (error) {
    await app.close();
    throw error;
  }
  const acceptors = listening.map((server) => new FurtherAcceptors(server, MAX_CONNECTIONS, logger));
  const { port } = app.getHttpServer().address() as { port: number };
  return {
    name: 'gateway',
    url: `http://${urlHost(config.GATEWAY_HOST)}:${port}`,
    stop: async () => {
      stopping = true;
      await stop(app, listening, acceptors);
      await api.close();
    },
  };
}

/** `localhost` is both loopback addresses. Where the machine has no IPv6, "any address" means IPv4 only. @returns who listens */
async function listen(app: NestFastifyApplication, config: GatewayConfig): Promise<TcpServer[]> {
  const server = app.getHttpServer();
  const listenOn = (host: string) => app.listen({ port: config.GATEWAY_PORT, host, backlog: MAX_CONNECTIONS });
  if (config.GATEWAY_HOST === 'localhost') {
    await listenOn('127.0.0.1');
    const second = await alsoListen(server, '::1', (server.address() as { port: number }).port);
    return second ? [server, second] : [server];
  }
  try {
    await listenOn(config.GATEWAY_HOST);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (config.GATEWAY_HOST !== '::' || (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL')) throw error;
    await listenOn('0.0.0.0');
  }
  return [server];
}

/** Answers what is in flight; a connection is closed as soon as nothing is asked on it. */
async function stop(app: NestFastifyApplication, listening: TcpServer[], acceptors: FurtherAcceptors[]): Promise<void> {
  const server = app.getHttpServer();
  app.get(Readiness).stop();
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => server.closeAllConnections(), STOP_MS);
  // What Nest closes ends the connections to the services, so it comes last.
  await Promise.all([
    ...listening.map((each) => once(each.close(), 'close')),
    ...acceptors.map((each) => each.close()),
  ]);
  clearInterval(sweep);
  clearTimeout(cut);
  await app.close();
}

const urlHost = (host: string): string => {
  if (host === '::' || host === '0.0.0.0' || host === 'localhost') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
};

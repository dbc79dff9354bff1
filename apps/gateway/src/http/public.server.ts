import type { FastifyServerFactory } from 'fastify';
import { createServer, type RequestListener, type Server } from 'node:http';

const MAX_CONNECTIONS = 2000;
const MAX_HEADERS = 64;
const MAX_REQUESTS_PER_CONNECTION = 1000;

/**
 * The one server that clients reach. What lies below `prefix` goes to `api` directly, past everything that the pages of
 * the gateway itself need.
 */
export function publicServer(prefix: string, api: RequestListener, isStopping: () => boolean): FastifyServerFactory {
  return (pages): Server => {
    const server = createServer(
      {
        headersTimeout: 10_000,
        requestTimeout: 30_000,
        keepAliveTimeout: 10_000,
        connectionsCheckingInterval: 2000,
        insecureHTTPParser: false,
      },
      (request, response) => {
        if (isStopping()) response.setHeader('connection', 'close');
        if (request.url!.startsWith(prefix)) api(request, response);
        else pages(request, response);
      },
    );
    server.maxConnections = MAX_CONNECTIONS;
    server.maxHeadersCount = MAX_HEADERS;
    server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
    return server;
  };
}

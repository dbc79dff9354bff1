import type { FastifyServerFactory } from 'fastify';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Server as TcpServer, Socket } from 'node:net';
import { limitBodyTime } from './body-timeout.js';
import { connectionServer } from './further-acceptors.js';

/**
 * Of one gateway, and as many may wait to be accepted: one that finds no room there is tried again by its client's
 * kernel, after 1, 3, 7 and 15 s.
 */
export const MAX_CONNECTIONS = 2000;
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
        // Each body has a clock of its own: an upload may take long.
        requestTimeout: 0,
        keepAliveTimeout: 10_000,
        connectionsCheckingInterval: 2000,
        insecureHTTPParser: false,
      },
      (request, response) => {
        if (!response.socket) closeWith(request.socket, response);
        limitBodyTime(server, request);
        if (isStopping()) response.setHeader('connection', 'close');
        if (request.url!.startsWith(prefix)) api(request, response);
        else pages(request, response);
      },
    );
    const connections = limitConnections(server);
    sparePendingAnswers(server, connections);
    server.maxHeadersCount = MAX_HEADERS;
    server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
    return server;
  };
}

/** `maxConnections` counts those of one listening handle only. @returns those that are open */
function limitConnections(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  server.prependListener('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (open.size > MAX_CONNECTIONS) socket.destroy();
  });
  return open;
}

/**
 * For Node a connection is idle as soon as an answer has ended, although a slow client has not got all of it: while there is such a
 * client no connection is closed for being idle.
 */
function sparePendingAnswers(server: Server, connections: ReadonlySet<Socket>): void {
  const closeIdleConnections = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    for (const { writableLength } of connections) if (writableLength > 0) return;
    closeIdleConnections();
  };
}

/** A pipelined answer has no connection before its turn comes, and so would never learn that the connection ended. */
function closeWith(socket: Socket, response: ServerResponse): void {
  const onClose = () => response.destroy().emit('close');
  socket.setMaxListeners(0).once('close', onClose);
  response.once('close', () => socket.off('close', onClose));
}

/** A second address of `server`. Undefined where the machine does not have it. */
export async function alsoListen(server: Server, host: string, port: number): Promise<TcpServer | undefined> {
  const second = connectionServer((socket) => server.emit('connection', socket));
  try {
    second.listen({ host, port, backlog: MAX_CONNECTIONS });
    await once(second, 'listening');
    return second;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL') return undefined;
    throw error;
  }
}

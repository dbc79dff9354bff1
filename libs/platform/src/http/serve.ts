import type { FastifyInstance } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/**
 * Answers a request that the gateway, in the same process, has read and checked, without a connection between them. `body` is all of
 * its body; `request.headers` are those that the service shall see, `content-length` among them where there is a body.
 */
export type Serve = (request: IncomingMessage, answer: ServerResponse, body: Buffer | null) => void;

/** The routes of this server for requests that somebody else has read. */
export function serveOthers(fastify: FastifyInstance): Serve {
  const bodies = new WeakMap<IncomingMessage, Buffer>();
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    const body = bodies.get(request.raw);
    done(null, body ? readableOf(body) : payload);
  });
  return (request, answer, body) => {
    if (body) bodies.set(request, body);
    fastify.routing(request, answer);
  };
}

function readableOf(bytes: Buffer): Readable {
  const readable = new Readable({ read: () => undefined });
  readable.push(bytes);
  readable.push(null);
  return readable;
}

import type { FastifyInstance } from 'fastify';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/**
 * Answers a request that the gateway, in the same process, has read and checked, without a connection between them. `body` is all of
 * its body; `request.headers` are those that the service shall see, `content-length` among them where there is a body.
 */
export type Serve = (request: IncomingMessage, answer: ServerResponse, body: Buffer | null) => void;

/** Services of the gateway's own process, by the URLs that it knows them by. */
export type Neighbours = ReadonlyMap<string, Serve>;

/** The routes of a server for requests that somebody else has read. */
export class HandedRequests {
  private readonly bodies = new WeakMap<IncomingMessage, Buffer>();
  /** A number, not a set of them: each table that a set outgrows, once it is old, keeps what the tables after it held. */
  private answering = 0;
  private readonly answered = new EventEmitter();

  constructor(private readonly fastify: FastifyInstance) {
    fastify.addHook('preParsing', (request, _reply, payload, done) => {
      const body = this.bodies.get(request.raw);
      done(null, body ? readableOf(body) : payload);
    });
  }

  readonly serve: Serve = (request, answer, body) => {
    if (body) this.bodies.set(request, body);
    this.answering++;
    answer.once('close', () => {
      if (--this.answering === 0) this.answered.emit('all');
    });
    this.fastify.routing(request, answer);
  };

  /**
   * Resolves when all that was handed over has been answered, or after `limitMs`: a client may have stopped reading. The server itself knows
   * its own connections only.
   */
  async settled(limitMs: number): Promise<void> {
    if (this.answering === 0) return;
    await once(this.answered, 'all', { signal: AbortSignal.timeout(limitMs) }).catch(() => undefined);
  }
}

function readableOf(bytes: Buffer): Readable {
  const readable = new Readable({ read: () => undefined });
  readable.push(bytes);
  readable.push(null);
  return readable;
}

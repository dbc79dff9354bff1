import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Serve } from '#platform/without-database';
import type { AddressInfo, Socket } from 'node:net';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}
export type Answer = (request: Received, response: ServerResponse, socket: Socket) => void;

const ready: Answer = (_request, response) => json(response, 200, { status: 'ready' });

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** A service as the gateway sees it: a real HTTP server that keeps what it received. */
export class UpstreamServer {
  readonly received: Received[] = [];
  /** How often the gateway asked for the access rights; these requests are not among the received ones. */
  snapshotsAsked = 0;
  /** The body of a request is read when this has come. */
  mayRead: Promise<void> = Promise.resolve();
  private server?: Server;
  private port = 0;

  private constructor(
    private answer: Answer,
    public health: Answer = ready,
  ) {}

  static async start(
    answer: Answer = (request, response) =>
      json(response, 200, { method: request.method, url: request.url, body: request.body }),
  ): Promise<UpstreamServer> {
    const upstream = new UpstreamServer(answer);
    await upstream.listen();
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The same for a gateway in its own process. */
  readonly serve: Serve = (request, response, body) => void this.take(request, response, body);

  answers(answer: Answer): void {
    this.answer = answer;
  }

  /** Listens again on the port it had before. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.take(request, response));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  private async take(request: IncomingMessage, response: ServerResponse, body: Buffer | null = null): Promise<void> {
    const chunks = body ? [body] : [];
    if (request.method === 'POST') await this.mayRead;
    try {
      if (!body) for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = '', url = '', headers, rawHeaders } = request;
    const received = { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString() };
    if (url.startsWith('/health/')) {
      this.health(received, response, request.socket);
      return;
    }
    if (url === '/api/v1/internal/access') this.snapshotsAsked++;
    else this.received.push(received);
    this.answer(received, response, request.socket);
  }
}

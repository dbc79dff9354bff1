import type { IncomingMessage, Server } from 'node:http';

/** A whole body has this long to arrive, unless it is one that has as long as it keeps its pace. */
const BODY_MS = 30_000;

interface Clock {
  readonly server: Server;
  timer?: NodeJS.Timeout;
}
const clocks = new WeakMap<IncomingMessage, Clock>();

export const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined ||
  (request.headers['content-length'] !== undefined && Number(request.headers['content-length']) !== 0);

/** What Node's `requestTimeout` does, but for each request by itself: it is answered 408, and its connection closed. */
export function limitBodyTime(server: Server, request: IncomingMessage): void {
  if (!hasBody(request)) return;
  clocks.set(request, { server });
  request.once('close', () => liftBodyTime(request));
  resumeBodyTime(request);
}

/** From here on somebody else sees to it that this body does not take for ever. */
export const liftBodyTime = (request: IncomingMessage): void => clearTimeout(clocks.get(request)?.timer);

/** What is left of the body has its time once more. */
export function resumeBodyTime(request: IncomingMessage): void {
  const clock = clocks.get(request);
  if (!clock || request.complete || request.destroyed) return;
  clearTimeout(clock.timer);
  const expire = () => {
    const error = Object.assign(new Error('The body took too long'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    clock.server.emit('clientError', error, request.socket);
  };
  clock.timer = setTimeout(expire, BODY_MS);
}

import { CrmError } from '#contracts';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { ClientGone } from './quota.js';

/** Bodies up to this size are gathered before a connection to the service is taken, which a slow client would keep. */
export const BODY_LIMIT = 1024 * 1024;
const GATHERED_WITHIN_SECONDS = 10;

export const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined ||
  (request.headers['content-length'] !== undefined && Number(request.headers['content-length']) !== 0);

/**
 * The whole body, or a stream that counts when it may be larger than what is gathered. `hold` is told of the bytes that
 * are kept, and throws when there is no room. Throws 413 as soon as the body is known to be over `limit` bytes (a stream
 * ends with that error), 408 when it does not arrive in time.
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
  hold: (bytes: number) => void,
): Promise<Buffer | Readable> {
  const announced = Number(request.headers['content-length'] ?? Number.NaN);
  if (announced > limit) throw tooLarge(limit);
  return limit <= BODY_LIMIT || announced <= BODY_LIMIT ? gathered(request, limit, hold) : streamed(request, limit);
}

function gathered(request: IncomingMessage, limit: number, hold: (bytes: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = () => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    };
    const refuse = (error: unknown) => {
      settle();
      discard(request);
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      try {
        if (size > limit) throw tooLarge(limit);
        hold(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        refuse(error);
      }
    };
    const onEnd = () => {
      settle();
      resolve(Buffer.concat(chunks, size));
    };
    const onClose = () => refuse(new ClientGone());
    const timer = setTimeout(
      () => refuse(new CrmError('request-timeout', { within: GATHERED_WITHIN_SECONDS })),
      GATHERED_WITHIN_SECONDS * 1000,
    );
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    // It may have gone before anybody listened.
    if (request.destroyed && !request.complete) onClose();
  });
}

function streamed(request: IncomingMessage, limit: number): Readable {
  async function* counted() {
    const rest = request.iterator({ destroyOnReturn: false }) as AsyncGenerator<Buffer>;
    let size = 0;
    try {
      for (;;) {
        const next = await rest.next().catch(() => Promise.reject(new ClientGone()));
        if (next.done) return;
        size += next.value.length;
        if (size > limit) throw tooLarge(limit);
        yield next.value;
      }
    } finally {
      await rest.return(undefined);
      discard(request);
    }
  }
  return Readable.from(counted(), { objectMode: false });
}

/** What is left of a body nobody wants any more; the connection is of use again behind it. */
function discard(request: IncomingMessage): void {
  if (!request.complete) request.resume();
}

const tooLarge = (limit: number) => new CrmError('payload-too-large', { limit });

import { CrmError } from '#contracts';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Bodies up to this size are gathered before a connection to the service is taken. */
const GATHERED_BYTES = 64 * 1024;

/** The client went away; there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

export const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined ||
  (request.headers['content-length'] !== undefined && Number(request.headers['content-length']) !== 0);

/**
 * The body as a buffer when it is small, else as a stream that counts. Throws 413 as soon as it is known to be over
 * `limit` bytes; a stream ends with that error.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | Readable> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLarge(limit);
  if (announced > GATHERED_BYTES) return streamed([], request, limit);
  const chunks: Buffer[] = [];
  let size = 0;
  const whole = await new Promise<boolean>((resolve, reject) => {
    const settle = (settled: () => void) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      settled();
    };
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) {
        settle(() => reject(tooLarge(limit)));
        discard(request);
      } else if (size > GATHERED_BYTES) {
        request.pause();
        settle(() => resolve(false));
      }
    };
    const onEnd = () => settle(() => resolve(true));
    const onClose = () => settle(() => reject(new ClientGone()));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
  return whole ? Buffer.concat(chunks, size) : streamed(chunks, request, limit);
}

function streamed(first: readonly Buffer[], request: IncomingMessage, limit: number): Readable {
  async function* counted() {
    const rest = request.iterator({ destroyOnReturn: false }) as AsyncGenerator<Buffer>;
    let size = 0;
    try {
      for (const chunk of first) {
        size += chunk.length;
        yield chunk;
      }
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

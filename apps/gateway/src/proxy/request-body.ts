import { CrmError } from '#contracts';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { liftBodyTime, resumeBodyTime } from '../http/body-timeout.js';
import { ClientGone } from './quota.js';

/** Bodies up to this size are gathered before a connection to the service is taken, which a slow client would keep. */
export const BODY_LIMIT = 1024 * 1024;
const GATHERED_WITHIN_SECONDS = 10;

/** A stream goes on while each such part of it arrives in less than the time for it: 64 KiB/s. */
const PART = 640 * 1024;
const PART_MS = 10_000;
/** A service that takes nothing for so long is given up. */
const STALLED_MS = 30_000;

/**
 * The whole body, or a stream that counts when it may be larger than what is gathered. `hold` is told of the bytes that
 * are kept, and throws when there is no room. Throws 413 as soon as the body is known to be over `limit` bytes (a stream
 * ends with that error), 408 when it does not arrive in time. One that is `long` may take as long as it keeps its pace.
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
  hold: (bytes: number) => void,
  long = false,
): Promise<Buffer | Readable> {
  const announced = Number(request.headers['content-length'] ?? Number.NaN);
  if (announced > limit) throw tooLarge(limit);
  return limit <= BODY_LIMIT || announced <= BODY_LIMIT
    ? gathered(request, limit, hold)
    : streamed(request, limit, long);
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

/** Piece by piece, as fast as the service takes them. Only the time that is spent waiting for the client counts against it. */
function streamed(request: IncomingMessage, limit: number, long: boolean): Readable {
  async function* counted() {
    if (long) liftBodyTime(request);
    const rest = request.iterator({ destroyOnReturn: false }) as AsyncGenerator<Buffer>;
    let size = 0;
    let missing = PART;
    let left = PART_MS;
    try {
      for (;;) {
        const begun = performance.now();
        const next = await inTime(rest.next(), left);
        left -= performance.now() - begun;
        if (next.done) return;
        size += next.value.length;
        if (size > limit) throw tooLarge(limit);
        missing -= next.value.length;
        if (missing <= 0) {
          missing = PART;
          left = PART_MS;
        }
        const stalled = setTimeout(
          () => stream.destroy(new CrmError('service-unavailable', { seconds: 1 })),
          STALLED_MS,
        );
        try {
          yield next.value;
        } finally {
          clearTimeout(stalled);
        }
      }
    } finally {
      // Not waited for: after a time-out it is what does not come.
      rest.return(undefined).catch(() => undefined);
      discard(request);
    }
  }
  const stream = Readable.from(counted(), { objectMode: false });
  return stream;
}

async function inTime<T>(piece: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const within = PART_MS / 1000;
    timer = setTimeout(() => reject(new CrmError('request-timeout', { within })), milliseconds);
  });
  try {
    return await Promise.race([piece.catch(() => Promise.reject(new ClientGone())), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is left of a body nobody wants any more; the connection is of use again behind it. */
function discard(request: IncomingMessage): void {
  if (request.complete) return;
  resumeBodyTime(request);
  request.resume();
}

const tooLarge = (limit: number) => new CrmError('payload-too-large', { limit });

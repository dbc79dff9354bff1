import { CrmError } from '#contracts';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

const MOST_LEVELS = 100;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const bodies = new WeakMap<FastifyRequest, string>();

/** The body as it came, for those who need to know it to the letter. */
export const rawBody = (request: FastifyRequest): string => bodies.get(request) ?? '';

const unreadable = (reason: string): CrmError => new CrmError('malformed-request', { reason });

/**
 * JSON text from bytes that must be UTF-8 and not nested beyond all use: what works with it later may be recursive.
 * @throws CrmError malformed-request
 */
export function decodeJson(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable('the text is not UTF-8 · 文本不是 UTF-8');
  }
  if (isTooDeep(bytes)) throw unreadable(`more than ${MOST_LEVELS} levels · 嵌套超过 ${MOST_LEVELS} 层`);
  return text;
}

function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (quoted) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > MOST_LEVELS) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return false;
}

/** JSON in UTF-8 only; an act without a body may come with the content type all the same. */
export function acceptJson(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
    const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
    if (charset && charset.toLowerCase() !== 'utf-8') {
      done(new CrmError('unsupported-media-type', { accepted: ['application/json'] }), undefined);
      return;
    }
    if (bytes.length === 0) {
      done(null, undefined);
      return;
    }
    let text: string;
    try {
      text = decodeJson(bytes);
    } catch (error) {
      done(error as CrmError, undefined);
      return;
    }
    bodies.set(request, text);
    void parse(request, text, (error, body) =>
      error
        ? done(unreadable('the body is not JSON that can be taken · 请求体不是可接受的 JSON'), undefined)
        : done(null, body),
    );
  });
}

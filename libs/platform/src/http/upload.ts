import { CrmError, ROUTES, type ServiceName, type ServiceRoute } from '#contracts';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Readable } from 'node:stream';

/** A file that is the body of a request, still on its way. */
export class Upload {
  constructor(
    readonly stream: Readable,
    /** One of the route's `upload`. */
    readonly type: string,
    /** The character set that the request names. */
    readonly charset: string | undefined,
    /** Bytes that it may have. */
    readonly limit: number,
  ) {}
}

/** Files are passed on as they come; whether a route takes one is looked at with the rest of its contract. */
export function acceptUploads(adapter: FastifyAdapter, service: ServiceName): void {
  const types = new Set(ROUTES.flatMap((route) => (route.service === service ? (route.upload ?? []) : [])));
  if (types.size === 0) return;
  adapter.getInstance().addContentTypeParser([...types], (request, stream, done) => {
    const [type = '', ...parameters] = (request.headers['content-type'] ?? '').split(';');
    const charset = parameters.map((each) => /^\s*charset\s*=\s*"?([^";\s]+)/i.exec(each)?.[1]).find(Boolean);
    done(null, new Upload(stream, type.trim().toLowerCase(), charset, Number.POSITIVE_INFINITY));
  });
}

/** The file that this route takes. @throws CrmError unsupported-media-type, malformed-request */
export function requireUpload({ upload = [], bodyLimit }: ServiceRoute, body: unknown): Upload {
  if (body === undefined || body === null)
    throw new CrmError('malformed-request', { reason: 'the body must be a file · 请求体必须是文件' });
  if (!(body instanceof Upload) || !upload.includes(body.type))
    throw new CrmError('unsupported-media-type', { accepted: upload });
  return new Upload(body.stream, body.type, body.charset, bodyLimit ?? body.limit);
}

import { Controller, Headers, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type AccessSnapshot, AuthRoutes } from '#contracts';
import { Handles } from '#platform';
import { AccessQueries } from './access.queries.js';

@Controller()
export class AccessController {
  constructor(private readonly access: AccessQueries) {}

  /** Asked by each gateway each second, so the common answer is a cheap 304. */
  @Handles(AuthRoutes.accessSnapshot)
  async snapshot(
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessSnapshot | undefined> {
    if (known && known === etag(await this.access.revision())) {
      reply.status(304).header('etag', known);
      return undefined;
    }
    const snapshot = await this.access.snapshot();
    reply.header('etag', etag(snapshot.revision));
    return snapshot;
  }
}

const etag = (revision: number): string => `"${revision}"`;

import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AccessCopy } from '../access/access.copy.js';
import { Readiness } from './readiness.js';

/** What anybody may ask without a token: whether the gateway lives, is ready, and which keys sign tokens. */
@Controller()
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly access: AccessCopy,
  ) {}

  @Get('health/live')
  live() {
    return { status: 'ok' };
  }

  @Get('health/ready')
  ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const { waitingFor } = this.readiness;
    void reply.header('cache-control', 'no-store').status(waitingFor.length === 0 ? 200 : 503);
    return waitingFor.length === 0 ? { status: 'ready' } : { status: 'not-ready', waitingFor };
  }

  @Get('.well-known/jwks.json')
  jwks(@Res({ passthrough: true }) reply: FastifyReply) {
    void reply.header('cache-control', 'public, max-age=60');
    return this.access.current.jwks;
  }
}

import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { Readiness } from '../start/readiness.js';
import { Operational } from './handles.decorator.js';

@Operational()
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  live(): { status: string } {
    return { status: 'ok' };
  }

  @Get('ready')
  async ready(): Promise<{ status: string }> {
    const missing = await this.readiness.missing().catch((): string[] => ['database']);
    if (missing.length > 0) throw new ServiceUnavailableException(missing.join(', '));
    return { status: 'ok' };
  }
}

import { type ChurnScanInput, CrmError, type JobView } from '#contracts';
import { dayIn, Jobs, SERVICE_CONFIG, type RequestContext } from '#platform';
import { Inject, Injectable } from '@nestjs/common';
import type { CustomerConfig } from '../customer.config.js';
import { ChurnScan } from './churn-scan.js';

/** Scans that people start. */
@Injectable()
export class ChurnScanService {
  constructor(
    private readonly jobs: Jobs,
    @Inject(SERVICE_CONFIG) private readonly config: CustomerConfig,
  ) {}

  /** @throws CrmError future-day: what will have been bought by then, nobody knows */
  async start(context: RequestContext, { asOf: named }: ChurnScanInput): Promise<JobView> {
    const today = dayIn(this.config.BUSINESS_TIMEZONE);
    const asOf = named ?? today;
    if (asOf > today)
      throw new CrmError('future-day', { field: 'asOf', today }, [
        { path: 'asOf', code: 'future_day', message: `not later than ${today} · 不得晚于 ${today}` },
      ]);
    return this.jobs.start(context, ChurnScan, { parameters: { asOf } });
  }
}

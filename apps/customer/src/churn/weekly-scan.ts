import { Jobs, LOGGER, type Logger, systemContext, SERVICE_CONFIG } from '#platform';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { CustomerConfig } from '../customer.config.js';
import { ChurnScan } from './churn-scan.js';
import { lastSaturday } from './churn.rules.js';

const MINUTE = 60_000;
const REMEMBER = 'INSERT INTO churn_weekly_scan (saturday) VALUES ($1) ON CONFLICT DO NOTHING';

/** Somebody else has begun this Saturday's scan. */
class Begun extends Error {
  override readonly name = 'Begun';
}

/**
 * CHU-1: a scan every Saturday at 02:00 of the business time zone, one however many copies run. A Saturday that went by without one
 * is made up as soon as a copy runs; of several only the last, which finds all that the others would have found.
 */
@Injectable()
export class WeeklyScan implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private looking = Promise.resolve();
  /** The Saturday that is known to be dealt with: no need to ask again until the next. */
  private done = '';

  constructor(
    private readonly dataSource: DataSource,
    private readonly jobs: Jobs,
    @Inject(SERVICE_CONFIG) private readonly config: Pick<CustomerConfig, 'BUSINESS_TIMEZONE'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.look(), MINUTE);
    this.timer.unref();
    this.look();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  /** Starts the scan of the last Saturday, if nobody has. */
  async tick(now: Date = new Date()): Promise<void> {
    const saturday = lastSaturday(this.config.BUSINESS_TIMEZONE, now);
    if (saturday <= this.done) return;
    const [row] = await this.dataSource.query<Array<{ last: string | null }>>(
      'SELECT max(saturday) AS last FROM churn_weekly_scan',
    );
    if (row!.last === null) await this.rememberStart(saturday);
    else if (row!.last < saturday) await this.start(saturday);
    this.done = saturday;
  }

  /** Where the CRM is new, or did not scan until now, nobody has missed the Saturdays before. */
  private rememberStart(saturday: string): Promise<unknown> {
    return this.dataSource.query(REMEMBER, [saturday]);
  }

  private async start(saturday: string): Promise<void> {
    try {
      await this.jobs.start(systemContext(), ChurnScan, { parameters: { asOf: saturday } }, async (tx) => {
        const mine = await tx.query(`${REMEMBER} RETURNING 1`, [saturday]);
        if (mine.length === 0) throw new Begun();
      });
    } catch (error) {
      if (!(error instanceof Begun)) throw error;
    }
  }

  private look(): void {
    this.looking = this.looking
      .then(() => this.tick())
      .catch((err: unknown) => this.logger.warn({ err }, 'the weekly churn scan could not be looked after'));
  }
}

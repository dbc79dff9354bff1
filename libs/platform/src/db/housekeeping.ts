import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Logger } from '../logging/logger.js';
import { fewStatistics } from './statistics.js';
import { LOGGER } from '../start/tokens.js';

const HOUR = 3_600_000;

/** Makes the partitions of the event log ahead of time. */
export async function ensureOutboxPartitions(dataSource: DataSource): Promise<void> {
  const months: Array<{ name: string; from: string; to: string }> = await dataSource.query(`
    SELECT name, month::text AS "from", (month + interval '1 month')::text AS "to"
      FROM generate_series(date_trunc('month', now()), date_trunc('month', now()) + interval '2 months', interval '1 month') AS month,
           to_char(month, '"outbox_"YYYY_MM') AS name
     WHERE to_regclass(name) IS NULL`);
  // Both or neither: one that exists is left as it is.
  for (const { name, from, to } of months)
    await dataSource.query(
      `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF outbox FOR VALUES FROM ('${from}') TO ('${to}')
         WITH (autovacuum_vacuum_scale_factor = 0.02);
       ${fewStatistics(name)}`,
    );
}

/** Hourly: partitions ahead, and answers of old Idempotency-Keys away in bounded batches. */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(
      () => void this.run().catch((err: unknown) => this.logger.error({ err }, 'housekeeping failed')),
      HOUR,
    );
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async run(): Promise<void> {
    await ensureOutboxPartitions(this.dataSource);
    let removed: number;
    do {
      const result: [unknown, number] = await this.dataSource.query(
        `DELETE FROM idempotency_key WHERE (principal, key) IN (
           SELECT principal, key FROM idempotency_key WHERE created_at < now() - interval '48 hours' LIMIT 1000)`,
      );
      removed = result[1];
    } while (removed === 1000);
  }
}

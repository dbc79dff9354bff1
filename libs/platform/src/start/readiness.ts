import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ProjectionLag } from '../events/projection-lag.js';

/** Something that must have happened before a service can be used for the first time. */
export interface ReadinessCheck {
  readonly name: string;
  isReady(): Promise<boolean>;
}

/** Ready means usable. What was once reached stays so: a broker that goes away later does not make a service unready. */
@Injectable()
export class Readiness {
  private reached = false;
  private draining = false;
  private readonly checks: ReadinessCheck[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly lag: ProjectionLag,
  ) {}

  require(check: ReadinessCheck): void {
    this.checks.push(check);
  }

  drain(): void {
    this.draining = true;
  }

  /** What is still missing; empty when ready. */
  async missing(): Promise<string[]> {
    if (this.draining) return ['shutting down'];
    await this.dataSource.query('SELECT 1');
    if (this.reached) return [];
    const missing = this.lag.caughtUp ? [] : ['events not caught up'];
    for (const check of this.checks) if (!(await check.isReady())) missing.push(check.name);
    this.reached = missing.length === 0;
    return missing;
  }
}

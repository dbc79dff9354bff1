import { JOB_SERVICES, type ServiceName } from '#contracts';
import type { Provider, Type } from '@nestjs/common';
import type { MigrationClass } from '../db/data-source.js';
import { JOB_CLASSES } from '../start/tokens.js';
import type { JobKind } from './job-kind.js';
import { JobKinds } from './job-kinds.js';
import { Job1763700000003 } from './job.migration.js';
import { JobRunner } from './job-runner.js';
import { JobSignal } from './job-signal.js';
import { Jobs } from './jobs.js';
import { JobsController } from './jobs.controller.js';

interface JobParts {
  readonly migrations: MigrationClass[];
  readonly controllers: Type[];
  readonly providers: Provider[];
  readonly exports: Type[];
}

/** What a service with background jobs has besides the rest; nothing for the others. */
export function jobParts(service: ServiceName, classes: readonly Type<JobKind>[]): JobParts {
  if (!JOB_SERVICES.includes(service)) {
    if (classes.length > 0) throw new Error(`${service} has jobs and is not among JOB_SERVICES`);
    return { migrations: [], controllers: [], providers: [], exports: [] };
  }
  return {
    migrations: [Job1763700000003],
    controllers: [JobsController],
    providers: [{ provide: JOB_CLASSES, useValue: classes }, JobKinds, JobSignal, JobRunner, Jobs],
    exports: [Jobs],
  };
}

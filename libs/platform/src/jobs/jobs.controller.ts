import { JobRoutes } from '#contracts';
import { Controller, Param } from '@nestjs/common';
import type { RequestContext } from '../context/request-context.js';
import { CurrentContext, Handles } from '../http/handles.decorator.js';
import { Jobs } from './jobs.js';

/** The same in every service that has jobs; the gateway knows by the id whom to ask. */
@Controller()
export class JobsController {
  constructor(private readonly jobs: Jobs) {}

  @Handles(JobRoutes.getJob)
  get(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.jobs.get(context, id);
  }

  @Handles(JobRoutes.getJobErrors)
  errors(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.jobs.errors(context, id);
  }

  @Handles(JobRoutes.getJobResult)
  result(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.jobs.result(context, id);
  }

  @Handles(JobRoutes.undoJob)
  undo(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.jobs.undo(context, id);
  }
}

import { type Actor, JobRoutes } from '#contracts';
import { Controller, Param } from '@nestjs/common';
import { CurrentActor, Handles } from '../http/handles.decorator.js';
import { Jobs } from './jobs.js';

/** The same in every service that has jobs; the gateway knows by the id whom to ask. */
@Controller()
export class JobsController {
  constructor(private readonly jobs: Jobs) {}

  @Handles(JobRoutes.getJob)
  get(@Param('id') id: string, @CurrentActor() actor: Actor) {
    return this.jobs.get(id, actor);
  }

  @Handles(JobRoutes.getJobErrors)
  errors(@Param('id') id: string, @CurrentActor() actor: Actor) {
    return this.jobs.errors(id, actor);
  }

  @Handles(JobRoutes.getJobResult)
  result(@Param('id') id: string, @CurrentActor() actor: Actor) {
    return this.jobs.result(id, actor);
  }

  @Handles(JobRoutes.undoJob)
  undo(@Param('id') id: string, @CurrentActor() actor: Actor) {
    return this.jobs.undo(id, actor);
  }
}

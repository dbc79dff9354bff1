import { TimelineRoutes, type Actor } from '#contracts';
import { CurrentActor, Handles, type ListQuery } from '#platform';
import { Controller, Param, Query } from '@nestjs/common';
import { TimelineQueries } from './timeline.queries.js';

@Controller()
export class TimelineController {
  constructor(private readonly queries: TimelineQueries) {}

  @Handles(TimelineRoutes.customerTimeline)
  timeline(@Param('id') customerId: string, @Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.ofCustomer(customerId, query, actor);
  }
}

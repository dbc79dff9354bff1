import { ActivityRoutes, type ActivityChanges, type ActivityInput, type Actor } from '#contracts';
import { CurrentActor, Handles, type ListQuery } from '#platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { ActivityQueries } from './activity.queries.js';
import { ActivityService } from './activity.service.js';

@Controller()
export class ActivityController {
  constructor(
    private readonly activities: ActivityService,
    private readonly queries: ActivityQueries,
  ) {}

  @Handles(ActivityRoutes.listActivities)
  list(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.list(query, actor);
  }

  @Handles(ActivityRoutes.listCustomerActivities)
  listOfCustomer(@Param('id') customerId: string, @Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.ofCustomer(customerId, query, actor);
  }

  @Handles(ActivityRoutes.recordActivity)
  record(@Param('id') customerId: string, @Body() body: ActivityInput) {
    return this.activities.record(customerId, body);
  }

  @Handles(ActivityRoutes.getActivity)
  one(@Param('id') customerId: string, @Param('activityId') activityId: string, @CurrentActor() actor: Actor) {
    return this.queries.one(customerId, activityId, actor);
  }

  @Handles(ActivityRoutes.updateActivity)
  update(@Param('id') customerId: string, @Param('activityId') activityId: string, @Body() body: ActivityChanges) {
    return this.activities.update(customerId, activityId, body);
  }

  @Handles(ActivityRoutes.removeActivity)
  remove(@Param('id') customerId: string, @Param('activityId') activityId: string) {
    return this.activities.remove(customerId, activityId);
  }
}

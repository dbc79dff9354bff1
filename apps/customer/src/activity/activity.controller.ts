import { ActivityRoutes, type ActivityChanges, type ActivityInput, type Actor } from '#contracts';
import { CurrentActor, Handles, type ListQuery, CurrentContext, type RequestContext } from '#platform';
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
  record(@CurrentContext() context: RequestContext, @Param('id') customerId: string, @Body() body: ActivityInput) {
    return this.activities.record(context, customerId, body);
  }

  @Handles(ActivityRoutes.getActivity)
  one(@Param('id') customerId: string, @Param('activityId') activityId: string, @CurrentActor() actor: Actor) {
    return this.queries.one(customerId, activityId, actor);
  }

  @Handles(ActivityRoutes.updateActivity)
  update(
    @CurrentContext() context: RequestContext,
    @Param('id') customerId: string,
    @Param('activityId') activityId: string,
    @Body() body: ActivityChanges,
  ) {
    return this.activities.update(context, customerId, activityId, body);
  }

  @Handles(ActivityRoutes.removeActivity)
  remove(
    @CurrentContext() context: RequestContext,
    @Param('id') customerId: string,
    @Param('activityId') activityId: string,
  ) {
    return this.activities.remove(context, customerId, activityId);
  }
}

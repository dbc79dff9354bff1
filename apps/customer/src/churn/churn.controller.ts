import { type Actor, type ChurnMeasureInput, ChurnRoutes, type ChurnScanInput } from '#contracts';
import { CurrentActor, Handles, type ListQuery, CurrentContext, type RequestContext } from '#platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { ChurnScanService } from './churn-scan.service.js';
import { ChurnQueries } from './churn.queries.js';
import { ChurnService } from './churn.service.js';

@Controller()
export class ChurnController {
  constructor(
    private readonly alerts: ChurnService,
    private readonly scans: ChurnScanService,
    private readonly queries: ChurnQueries,
  ) {}

  @Handles(ChurnRoutes.listChurnAlerts)
  list(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.list(query, actor);
  }

  @Handles(ChurnRoutes.getChurnAlert)
  one(@Param('id') id: string, @CurrentActor() actor: Actor) {
    return this.queries.one(id, actor);
  }

  @Handles(ChurnRoutes.postponeChurnAlert)
  postpone(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: ChurnMeasureInput) {
    return this.alerts.postpone(context, id, body);
  }

  @Handles(ChurnRoutes.addChurnMeasure)
  addMeasure(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: ChurnMeasureInput) {
    return this.alerts.addMeasure(context, id, body);
  }

  @Handles(ChurnRoutes.confirmChurnLoss)
  confirm(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: { reason: string }) {
    return this.alerts.confirm(context, id, body.reason);
  }

  @Handles(ChurnRoutes.startChurnScan)
  scan(@CurrentContext() context: RequestContext, @Body() body: ChurnScanInput) {
    return this.scans.start(context, body);
  }
}

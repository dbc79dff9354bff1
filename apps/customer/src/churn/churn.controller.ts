import { type Actor, type ChurnMeasureInput, ChurnRoutes, type ChurnScanInput } from '#contracts';
import { CurrentActor, Handles, type ListQuery } from '#platform';
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
  postpone(@Param('id') id: string, @Body() body: ChurnMeasureInput) {
    return this.alerts.postpone(id, body);
  }

  @Handles(ChurnRoutes.addChurnMeasure)
  addMeasure(@Param('id') id: string, @Body() body: ChurnMeasureInput) {
    return this.alerts.addMeasure(id, body);
  }

  @Handles(ChurnRoutes.confirmChurnLoss)
  confirm(@Param('id') id: string, @Body() body: { reason: string }) {
    return this.alerts.confirm(id, body.reason);
  }

  @Handles(ChurnRoutes.startChurnScan)
  scan(@Body() body: ChurnScanInput) {
    return this.scans.start(body);
  }
}

import {
  type Actor,
  type Assignment,
  type Loss,
  MarketingRoutes,
  type OpportunityChanges,
  type OpportunityInput,
  type PlanItemChanges,
  type PlanItemInput,
  type PlanItemResult,
  PlanRoutes,
} from '#contracts';
import { CurrentActor, Handles, type ListQuery } from '#platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { OpportunityQueries } from './opportunity.queries.js';
import { OpportunityService } from './opportunity.service.js';
import { PlanService } from './plan.service.js';

@Controller()
export class OpportunityController {
  constructor(
    private readonly opportunities: OpportunityService,
    private readonly plans: PlanService,
    private readonly queries: OpportunityQueries,
  ) {}

  @Handles(MarketingRoutes.listOpportunities)
  list(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.list(query, actor);
  }

  @Handles(MarketingRoutes.createOpportunity)
  create(@Body() body: OpportunityInput) {
    return this.opportunities.create(body);
  }

  @Handles(MarketingRoutes.getOpportunity)
  get(@Param('id') id: string, @CurrentActor() actor: Actor) {
    return this.queries.get(id, actor);
  }

  @Handles(MarketingRoutes.updateOpportunity)
  update(@Param('id') id: string, @Body() body: OpportunityChanges) {
    return this.opportunities.update(id, body);
  }

  @Handles(MarketingRoutes.deleteOpportunity)
  delete(@Param('id') id: string) {
    return this.opportunities.delete(id);
  }

  @Handles(MarketingRoutes.assignOpportunity)
  assign(@Param('id') id: string, @Body() body: Assignment) {
    return this.opportunities.assign(id, body.assigneeId);
  }

  @Handles(MarketingRoutes.winOpportunity)
  win(@Param('id') id: string) {
    return this.opportunities.win(id);
  }

  @Handles(MarketingRoutes.loseOpportunity)
  lose(@Param('id') id: string, @Body() body: Loss) {
    return this.opportunities.lose(id, body.reason);
  }

  @Handles(MarketingRoutes.opportunityTimeline)
  timeline(@Param('id') id: string, @Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.timeline(id, query, actor);
  }

  @Handles(PlanRoutes.listPlanItems)
  plan(@Param('id') id: string, @Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.plan(id, query, actor);
  }

  @Handles(PlanRoutes.addPlanItem)
  addPlanItem(@Param('id') id: string, @Body() body: PlanItemInput) {
    return this.plans.add(id, body);
  }

  @Handles(PlanRoutes.getPlanItem)
  planItem(@Param('id') id: string, @Param('itemId') itemId: string, @CurrentActor() actor: Actor) {
    return this.queries.planItem(id, itemId, actor);
  }

  @Handles(PlanRoutes.changePlanItem)
  changePlanItem(@Param('id') id: string, @Param('itemId') itemId: string, @Body() body: PlanItemChanges) {
    return this.plans.change(id, itemId, body);
  }

  @Handles(PlanRoutes.removePlanItem)
  removePlanItem(@Param('id') id: string, @Param('itemId') itemId: string) {
    return this.plans.remove(id, itemId);
  }

  @Handles(PlanRoutes.recordPlanItemResult)
  recordPlanItemResult(@Param('id') id: string, @Param('itemId') itemId: string, @Body() body: PlanItemResult) {
    return this.plans.execute(id, itemId, body.result);
  }
}

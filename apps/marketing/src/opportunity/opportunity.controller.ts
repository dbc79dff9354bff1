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
import { CurrentActor, Handles, type ListQuery, CurrentContext, type RequestContext } from '#platform';
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
  create(@CurrentContext() context: RequestContext, @Body() body: OpportunityInput) {
    return this.opportunities.create(context, body);
  }

  @Handles(MarketingRoutes.getOpportunity)
  get(@Param('id') id: string, @CurrentActor() actor: Actor) {
    return this.queries.get(id, actor);
  }

  @Handles(MarketingRoutes.updateOpportunity)
  update(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: OpportunityChanges) {
    return this.opportunities.update(context, id, body);
  }

  @Handles(MarketingRoutes.deleteOpportunity)
  delete(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.opportunities.delete(context, id);
  }

  @Handles(MarketingRoutes.assignOpportunity)
  assign(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: Assignment) {
    return this.opportunities.assign(context, id, body.assigneeId);
  }

  @Handles(MarketingRoutes.winOpportunity)
  win(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.opportunities.win(context, id);
  }

  @Handles(MarketingRoutes.loseOpportunity)
  lose(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: Loss) {
    return this.opportunities.lose(context, id, body.reason);
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
  addPlanItem(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: PlanItemInput) {
    return this.plans.add(context, id, body);
  }

  @Handles(PlanRoutes.getPlanItem)
  planItem(@Param('id') id: string, @Param('itemId') itemId: string, @CurrentActor() actor: Actor) {
    return this.queries.planItem(id, itemId, actor);
  }

  @Handles(PlanRoutes.changePlanItem)
  changePlanItem(
    @CurrentContext() context: RequestContext,
    @Param('id') id: string,
    @Param('itemId') itemId: string,
    @Body() body: PlanItemChanges,
  ) {
    return this.plans.change(context, id, itemId, body);
  }

  @Handles(PlanRoutes.removePlanItem)
  removePlanItem(@CurrentContext() context: RequestContext, @Param('id') id: string, @Param('itemId') itemId: string) {
    return this.plans.remove(context, id, itemId);
  }

  @Handles(PlanRoutes.recordPlanItemResult)
  recordPlanItemResult(
    @CurrentContext() context: RequestContext,
    @Param('id') id: string,
    @Param('itemId') itemId: string,
    @Body() body: PlanItemResult,
  ) {
    return this.plans.execute(context, id, itemId, body.result);
  }
}

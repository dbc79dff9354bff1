import { DictionaryCopyModule, PeopleModule } from '#platform';
import { Module } from '@nestjs/common';
import { ImportController } from './import/import.controller.js';
import { OpportunityImport } from './import/opportunity-import.js';
import { CustomerConsumer } from './opportunity/customer.consumer.js';
import { CustomerMergeConsumer } from './opportunity/customer-merge.consumer.js';
import { OpportunityController } from './opportunity/opportunity.controller.js';
import { OpportunityQueries } from './opportunity/opportunity.queries.js';
import { OpportunityService } from './opportunity/opportunity.service.js';
import { PlanService } from './opportunity/plan.service.js';

/** Winning new customers: the service's doors and rules on one page. */
@Module({
  imports: [PeopleModule, DictionaryCopyModule],
  controllers: [OpportunityController, ImportController, CustomerConsumer, CustomerMergeConsumer],
  providers: [OpportunityService, PlanService, OpportunityQueries, OpportunityImport],
})
export class MarketingModule {}

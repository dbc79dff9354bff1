import { CustomerCreated, CustomerOpportunityLinked, type DataOf } from '#contracts';
import { type EventTx, On } from '#platform';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { OpportunityService } from './opportunity.service.js';

/** What the customer service made of a won opportunity (MKT-6). */
@Controller()
export class CustomerConsumer {
  constructor(private readonly opportunities: OpportunityService) {}

  @On(CustomerCreated)
  async customerCreated(@Payload() customer: DataOf<typeof CustomerCreated>, @Ctx() tx: EventTx): Promise<void> {
    if (customer.sourceOpportunityId)
      await this.opportunities.link(tx, customer.sourceOpportunityId, customer.customerId);
  }

  @On(CustomerOpportunityLinked)
  async opportunityLinked(
    @Payload() link: DataOf<typeof CustomerOpportunityLinked>,
    @Ctx() tx: EventTx,
  ): Promise<void> {
    await this.opportunities.link(tx, link.opportunityId, link.customerId);
  }
}

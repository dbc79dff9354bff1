import { CustomerRoutes, type Actor, type CustomerChanges, type CustomerInput } from '#contracts';
import { CurrentActor, Handles, type ListQuery, CurrentContext, type RequestContext } from '#platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { CustomerQueries } from './customer.queries.js';
import { CustomerService } from './customer.service.js';

@Controller()
export class CustomerController {
  constructor(
    private readonly customers: CustomerService,
    private readonly queries: CustomerQueries,
  ) {}

  @Handles(CustomerRoutes.listCustomers)
  list(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.list(query, actor);
  }

  @Handles(CustomerRoutes.createCustomer)
  create(@CurrentContext() context: RequestContext, @Body() body: CustomerInput) {
    return this.customers.create(context, body);
  }

  @Handles(CustomerRoutes.getCustomer)
  one(@Param('id') id: string, @CurrentActor() actor: Actor) {
    return this.queries.one(id, actor);
  }

  @Handles(CustomerRoutes.updateCustomer)
  update(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: CustomerChanges) {
    return this.customers.update(context, id, body);
  }

  @Handles(CustomerRoutes.deleteCustomer)
  delete(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.customers.delete(context, id);
  }

  @Handles(CustomerRoutes.listDeletedCustomers)
  deleted(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.deleted(query, actor);
  }

  @Handles(CustomerRoutes.restoreCustomer)
  restore(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.customers.restore(context, id);
  }
}

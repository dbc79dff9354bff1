import { ContactRoutes, CustomerRoutes, type Actor, type ContactChanges, type ContactInput } from '#contracts';
import { CurrentActor, Handles, type ListQuery, CurrentContext, type RequestContext } from '#platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { ContactQueries } from './contact.queries.js';
import { ContactService } from './contact.service.js';

@Controller()
export class ContactController {
  constructor(
    private readonly contacts: ContactService,
    private readonly queries: ContactQueries,
  ) {}

  @Handles(ContactRoutes.listAllContacts)
  all(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.all(query, actor);
  }

  @Handles(ContactRoutes.getContact)
  one(@Param('id') customerId: string, @Param('contactId') contactId: string, @CurrentActor() actor: Actor) {
    return this.queries.one(customerId, contactId, actor);
  }

  @Handles(CustomerRoutes.listContacts)
  list(@Param('id') customerId: string, @Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.list(customerId, query, actor);
  }

  @Handles(CustomerRoutes.addContact)
  add(@CurrentContext() context: RequestContext, @Param('id') customerId: string, @Body() body: ContactInput) {
    return this.contacts.add(context, customerId, body);
  }

  @Handles(CustomerRoutes.updateContact)
  update(
    @CurrentContext() context: RequestContext,
    @Param('id') customerId: string,
    @Param('contactId') contactId: string,
    @Body() body: ContactChanges,
  ) {
    return this.contacts.update(context, customerId, contactId, body);
  }

  @Handles(CustomerRoutes.removeContact)
  remove(
    @CurrentContext() context: RequestContext,
    @Param('id') customerId: string,
    @Param('contactId') contactId: string,
  ) {
    return this.contacts.remove(context, customerId, contactId);
  }
}

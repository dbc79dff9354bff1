import { Module } from '@nestjs/common';
import {
  DICTIONARY_MIGRATIONS,
  DictionaryCopyModule,
  PeopleMigration,
  PeopleModule,
  type ServiceDefinition,
} from '#platform';
import { CustomerConsumer } from './customer/customer.consumer.js';
import { KnownCustomers } from './customer/known-customers.js';
import { Customer1763700100000 } from './migrations/1763700100000-customer.js';
import { Ticket1763700200000 } from './migrations/1763700200000-ticket.js';
import { TicketHistory1763700300001 } from './migrations/1763700300001-ticket-history.js';
import { TicketLists1763700300002 } from './migrations/1763700300002-ticket-lists.js';
import { CustomerNames1763700300003 } from './migrations/1763700300003-customer-names.js';
import { TicketTerms1763700300004 } from './migrations/1763700300004-ticket-terms.js';
import { Successors1763700610000 } from './migrations/1763700610000-successors.js';
import { CustomerMergeConsumer } from './ticket/customer-merge.consumer.js';
import { SimilarTickets } from './ticket/similar-tickets.js';
import { TicketController } from './ticket/ticket.controller.js';
import { Ticket } from './ticket/ticket.entity.js';
import { ticketPolicy } from './ticket/ticket.policy.js';
import { TicketQueries } from './ticket/ticket.queries.js';
import { TicketService } from './ticket/ticket.service.js';

@Module({
  imports: [PeopleModule, DictionaryCopyModule],
  controllers: [TicketController, CustomerConsumer, CustomerMergeConsumer],
  providers: [TicketService, TicketQueries, SimilarTickets, KnownCustomers],
})
class TicketModule {}

/** The whole service on one page: its data, its doors, its rules. */
export const service: ServiceDefinition = {
  service: 'service',
  entities: [Ticket],
  migrations: [
    PeopleMigration,
    ...DICTIONARY_MIGRATIONS,
    Customer1763700100000,
    Ticket1763700200000,
    TicketHistory1763700300001,
    TicketLists1763700300002,
    CustomerNames1763700300003,
    TicketTerms1763700300004,
    Successors1763700610000,
  ],
  records: [ticketPolicy],
  module: TicketModule,
};

import { Module } from '@nestjs/common';
import type { ServiceDefinition } from '#platform';
import { ContributionConsumer } from './contribution/contribution.consumer.js';
import { ContributionController } from './contribution/contribution.controller.js';
import { ContributionQueries } from './contribution/contribution.queries.js';
import { Contribution1763700100000 } from './migrations/1763700100000-contribution.js';

@Module({
  controllers: [ContributionController, ContributionConsumer],
  providers: [ContributionQueries],
})
class ReportsModule {}

/** The whole service on one page. It has no records of its own: all it knows came by events. */
export const reporting: ServiceDefinition = {
  service: 'reporting',
  entities: [],
  migrations: [Contribution1763700100000],
  module: ReportsModule,
};

import {
  DictionaryMigration,
  loadConfig,
  PeopleMigration,
  type RunningApp,
  serviceSettings,
  startService,
} from '#platform';
import { z } from 'zod';
import { MarketingModule } from './marketing.module.js';
import { Opportunity1763700100000 } from './migrations/1763700100000-opportunity.migration.js';
import { Opportunity } from './opportunity/opportunity.entity.js';
import { opportunityPolicy } from './opportunity/opportunity.policy.js';
import { PlanItem } from './opportunity/plan-item.entity.js';

export const MarketingConfig = z.object(serviceSettings);

/** Starts the marketing service; resolves when it listens. */
export const start = (env: Record<string, string | undefined>): Promise<RunningApp> =>
  startService(
    {
      service: 'marketing',
      entities: [Opportunity, PlanItem],
      migrations: [PeopleMigration, DictionaryMigration, Opportunity1763700100000],
      records: [opportunityPolicy],
      module: MarketingModule,
    },
    loadConfig(MarketingConfig, env),
  );

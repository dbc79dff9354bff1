import {
  codeFormat,
  DICTIONARY_MIGRATIONS,
  loadConfig,
  PeopleMigration,
  type RunningApp,
  serviceSettings,
  startService,
} from '#platform';
import { z } from 'zod';
import { MarketingModule } from './marketing.module.js';
import { Opportunity1763700100000 } from './migrations/1763700100000-opportunity.migration.js';
import { OpportunityLists1763700300000 } from './migrations/1763700300000-opportunity-lists.migration.js';
import { Successors1763700630000 } from './migrations/1763700630000-successors.migration.js';
import { OpportunityImport1763700300010 } from './migrations/1763700300010-opportunity-import.migration.js';
import { OpportunityImport } from './import/opportunity-import.js';
import { Opportunity } from './opportunity/opportunity.entity.js';
import { opportunityPolicy } from './opportunity/opportunity.policy.js';
import { PlanItem } from './opportunity/plan-item.entity.js';

export const MarketingConfig = z.object({
  ...serviceSettings,
  OPPORTUNITY_CODE_FORMAT: codeFormat('OPP-######').describe(
    'Codes of new opportunities: a prefix, and # for each digit that a number has at least · 新销售机会的编号格式:前缀加 #,每个 # 表示至少一位数字',
  ),
});

export const MIGRATIONS = [
  PeopleMigration,
  ...DICTIONARY_MIGRATIONS,
  Opportunity1763700100000,
  OpportunityLists1763700300000,
  OpportunityImport1763700300010,
  Successors1763700630000,
];

/** Starts the marketing service; resolves when it listens. */
export const start = (env: Record<string, string | undefined>): Promise<RunningApp> =>
  startService(
    {
      service: 'marketing',
      entities: [Opportunity, PlanItem],
      migrations: MIGRATIONS,
      records: [opportunityPolicy],
      jobs: [OpportunityImport],
      module: MarketingModule,
    },
    loadConfig(MarketingConfig, env),
  );

import {
  codeFormat,
  DICTIONARY_MIGRATIONS,
  type Environment,
  loadConfig,
  PeopleMigration,
  type RunningApp,
  type ServiceDefinition,
  serviceSettings,
  startService,
} from '#platform';
import { z } from 'zod';
import { Activity } from './activity/activity.entity.js';
import { Contact } from './contact/contact.entity.js';
import { Customer } from './customer/customer.entity.js';
import { CustomerPolicy, DeletedCustomerPolicy, MergeableCustomerPolicy } from './customer/customer.policy.js';
import { CustomerMerge } from './merge/customer-merge.entity.js';
import { MergePolicy } from './merge/merge.queries.js';
import { CustomerModule } from './customer.module.js';
import { DictionaryEntry } from './dictionary/dictionary-entry.entity.js';
import { DictionaryEntryPolicy, DictionaryPolicy } from './dictionary/dictionary.policy.js';
import { Customer1763700100000 } from './migrations/1763700100000-customer.js';
import { Sales1763700200000 } from './migrations/1763700200000-sales.js';
import { CustomerHistory1763700300000 } from './migrations/1763700300000-customer-history.js';
import { Pairs1763700400000 } from './migrations/1763700400000-pairs.js';
import { CustomerKnowledge1763700500000 } from './migrations/1763700500000-customer-knowledge.js';
import { Duplicates1763700600000 } from './migrations/1763700600000-duplicates.js';
import { Merges1763700600001 } from './migrations/1763700600001-merges.js';

export const CustomerConfig = z.object({
  ...serviceSettings,
  CUSTOMER_CODE_FORMAT: codeFormat('CUS-######').describe(
    'Codes of new customers: a prefix, and # for each digit that a number has at least · 新客户的编号格式:前缀加 #,每个 # 为一位数字',
  ),
});

/** The service's own, in their order. */
export const MIGRATIONS = [
  Customer1763700100000,
  Sales1763700200000,
  CustomerHistory1763700300000,
  Pairs1763700400000,
  CustomerKnowledge1763700500000,
  Duplicates1763700600000,
  Merges1763700600001,
];

const customer: ServiceDefinition = {
  service: 'customer',
  entities: [Customer, Contact, Activity, CustomerMerge, DictionaryEntry],
  migrations: [PeopleMigration, ...DICTIONARY_MIGRATIONS, ...MIGRATIONS],
  records: [
    CustomerPolicy,
    DeletedCustomerPolicy,
    MergeableCustomerPolicy,
    MergePolicy,
    DictionaryPolicy,
    DictionaryEntryPolicy,
  ],
  module: CustomerModule,
};

export const start = (env: Environment): Promise<RunningApp> => startService(customer, loadConfig(CustomerConfig, env));

import {
  DICTIONARY_MIGRATIONS,
  type Environment,
  loadConfig,
  PeopleMigration,
  type RunningApp,
  type ServiceDefinition,
  startService,
} from '#platform';
import { Activity } from './activity/activity.entity.js';
import { ChurnAlert } from './churn/churn-alert.entity.js';
import { ChurnMeasure } from './churn/churn-measure.entity.js';
import { ChurnScan } from './churn/churn-scan.js';
import { ChurnAlertPolicy } from './churn/churn.policy.js';
import { Contact } from './contact/contact.entity.js';
import { Customer } from './customer/customer.entity.js';
import { CustomerPolicy, DeletedCustomerPolicy, MergeableCustomerPolicy } from './customer/customer.policy.js';
import { CustomerMerge } from './merge/customer-merge.entity.js';
import { MergePolicy } from './merge/merge.queries.js';
import { CustomerConfig } from './customer.config.js';
import { CustomerModule } from './customer.module.js';
import { DictionaryEntry } from './dictionary/dictionary-entry.entity.js';
import { DictionaryEntryPolicy, DictionaryPolicy } from './dictionary/dictionary.policy.js';
import { ContactImport } from './import/contact-import.js';
import { CustomerImport } from './import/customer-import.js';
import { TransferCustomers } from './transfer/transfer-job.js';
import { Customer1763700100000 } from './migrations/1763700100000-customer.js';
import { Sales1763700200000 } from './migrations/1763700200000-sales.js';
import { CustomerHistory1763700300000 } from './migrations/1763700300000-customer-history.js';
import { Pairs1763700400000 } from './migrations/1763700400000-pairs.js';
import { CustomerKnowledge1763700500000 } from './migrations/1763700500000-customer-knowledge.js';
import { Duplicates1763700600000 } from './migrations/1763700600000-duplicates.js';
import { Merges1763700600001 } from './migrations/1763700600001-merges.js';
import { Churn1763700700000 } from './migrations/1763700700000-churn.js';
import { SalesLists1763700700001 } from './migrations/1763700700001-sales-lists.js';
import { TicketMoves1763700700002 } from './migrations/1763700700002-ticket-moves.js';
import { ContactOwners1763700700003 } from './migrations/1763700700003-contact-owners.js';
import { RejectionLanguages1763700700004 } from './migrations/1763700700004-rejection-languages.js';
import { ImportKeys1763700700005 } from './migrations/1763700700005-import-keys.js';
import { EditedKeys1763700700006 } from './migrations/1763700700006-edited-keys.js';
import { DeletedList1763700700007 } from './migrations/1763700700007-deleted-list.js';
import { FewStatistics1763700700008 } from './migrations/1763700700008-few-statistics.js';

/** The service's own, in their order. */
export const MIGRATIONS = [
  Customer1763700100000,
  Sales1763700200000,
  CustomerHistory1763700300000,
  Pairs1763700400000,
  CustomerKnowledge1763700500000,
  Duplicates1763700600000,
  Merges1763700600001,
  Churn1763700700000,
  SalesLists1763700700001,
  TicketMoves1763700700002,
  ContactOwners1763700700003,
  RejectionLanguages1763700700004,
  ImportKeys1763700700005,
  EditedKeys1763700700006,
  DeletedList1763700700007,
  FewStatistics1763700700008,
];

const customer: ServiceDefinition = {
  service: 'customer',
  entities: [Customer, Contact, Activity, ChurnAlert, ChurnMeasure, CustomerMerge, DictionaryEntry],
  migrations: [PeopleMigration, ...DICTIONARY_MIGRATIONS, ...MIGRATIONS],
  records: [
    CustomerPolicy,
    DeletedCustomerPolicy,
    MergeableCustomerPolicy,
    MergePolicy,
    ChurnAlertPolicy,
    DictionaryPolicy,
    DictionaryEntryPolicy,
  ],
  jobs: [ChurnScan, CustomerImport, ContactImport, TransferCustomers],
  module: CustomerModule,
};

export const start = (env: Environment): Promise<RunningApp> => startService(customer, loadConfig(CustomerConfig, env));

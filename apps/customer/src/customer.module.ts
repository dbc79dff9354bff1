import { Module } from '@nestjs/common';
import { ActivityController } from './activity/activity.controller.js';
import { ActivityQueries } from './activity/activity.queries.js';
import { ActivityService } from './activity/activity.service.js';
import { ChurnController } from './churn/churn.controller.js';
import { ChurnQueries } from './churn/churn.queries.js';
import { ChurnScan } from './churn/churn-scan.js';
import { ChurnScanService } from './churn/churn-scan.service.js';
import { WeeklyScan } from './churn/weekly-scan.js';
import { ChurnService } from './churn/churn.service.js';
import { ContactController } from './contact/contact.controller.js';
import { ContactQueries } from './contact/contact.queries.js';
import { ContactService } from './contact/contact.service.js';
import { CustomerConsumer } from './customer/customer.consumer.js';
import { CustomerController } from './customer/customer.controller.js';
import { CustomerQueries } from './customer/customer.queries.js';
import { CustomerService } from './customer/customer.service.js';
import { DictionaryController } from './dictionary/dictionary.controller.js';
import { DictionaryQueries } from './dictionary/dictionary.queries.js';
import { DictionarySeeder } from './dictionary/dictionary.seeder.js';
import { ExportController } from './export/export.controller.js';
import { DictionaryService } from './dictionary/dictionary.service.js';
import { OpportunityConsumer } from './opportunity/opportunity.consumer.js';
import { MergeController } from './merge/merge.controller.js';
import { MergeQueries } from './merge/merge.queries.js';
import { MergeService } from './merge/merge.service.js';
import { MergeUndoService } from './merge/merge-undo.service.js';
import { ContactImport } from './import/contact-import.js';
import { CustomerImport } from './import/customer-import.js';
import { ImportController } from './import/import.controller.js';
import { SalesController } from './sales/sales.controller.js';
import { SalesFeedController } from './sales/sales-feed.controller.js';
import { SalesFeedListener } from './sales/sales-feed.listener.js';
import { SalesFeedService } from './sales/sales-feed.service.js';
import { SalesQueries } from './sales/sales.queries.js';
import { TimelineController } from './timeline/timeline.controller.js';
import { TimelineQueries } from './timeline/timeline.queries.js';
import { TicketConsumer } from './ticket/ticket.consumer.js';
import { TransferController } from './transfer/transfer.controller.js';
import { TransferCustomers } from './transfer/transfer-job.js';
import { TransferService } from './transfer/transfer.service.js';
import { Dictionary, PeopleModule } from '#platform';

/** The whole service on one page: its doors and its rules. */
@Module({
  imports: [PeopleModule],
  controllers: [
    CustomerController,
    CustomerConsumer,
    ContactController,
    ActivityController,
    TimelineController,
    TicketConsumer,
    ExportController,
    MergeController,
    TransferController,
    SalesFeedController,
    SalesController,
    ChurnController,
    DictionaryController,
    OpportunityConsumer,
    ImportController,
  ],
  providers: [
    CustomerService,
    CustomerQueries,
    ContactService,
    ContactQueries,
    ActivityService,
    ActivityQueries,
    TimelineQueries,
    MergeService,
    MergeUndoService,
    MergeQueries,
    TransferService,
    TransferCustomers,
    SalesFeedService,
    SalesFeedListener,
    SalesQueries,
    ChurnService,
    ChurnQueries,
    ChurnScan,
    ChurnScanService,
    WeeklyScan,
    DictionaryQueries,
    DictionaryService,
    DictionarySeeder,
    Dictionary,
    CustomerImport,
    ContactImport,
  ],
})
export class CustomerModule {}

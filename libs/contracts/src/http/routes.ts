import { ActivityRoutes } from './activity.api.js';
import { AuthRoutes } from './auth.api.js';
import { ContactRoutes } from './contact.api.js';
import { ChurnRoutes } from './churn.api.js';
import { CustomerRoutes } from './customer.api.js';
import type { ServiceRoute } from './define-routes.js';
import { DictionaryRoutes } from './dictionary.api.js';
import { ExportRoutes } from './export.api.js';
import { CustomerImportRoutes } from './import.api.js';
import { JobRoutes } from './jobs.api.js';
import { MarketingRoutes } from './marketing.api.js';
import { MergeRoutes } from './merge.api.js';
import { OPERATIONS_ROUTES } from './operations.api.js';
import { OpportunityImportRoutes } from './opportunity-import.api.js';
import { PlanRoutes } from './plan.api.js';
import { ReportingRoutes } from './reporting.api.js';
import { SalesRoutes } from './sales.api.js';
import { ServiceRoutes } from './service.api.js';
import { TimelineRoutes } from './timeline.api.js';
import { TransferRoutes } from './transfer.api.js';

/** Every address of the API below `/api/v1`, with the right it needs. What is not here does not exist. */
export const ROUTES: readonly ServiceRoute[] = [
  AuthRoutes,
  MarketingRoutes,
  OpportunityImportRoutes,
  PlanRoutes,
  CustomerRoutes,
  ContactRoutes,
  ActivityRoutes,
  TimelineRoutes,
  ExportRoutes,
  MergeRoutes,
  TransferRoutes,
  SalesRoutes,
  ChurnRoutes,
  DictionaryRoutes,
  ServiceRoutes,
  ReportingRoutes,
  JobRoutes,
  CustomerImportRoutes,
]
  .flatMap((routes) => Object.values<ServiceRoute>(routes))
  .concat(OPERATIONS_ROUTES);

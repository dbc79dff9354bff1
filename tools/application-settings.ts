import type { z } from 'zod';
import { SERVICES, type ServiceName } from '#contracts';
import { AuthConfig } from '../apps/auth/src/auth.config.js';
import { CustomerConfig } from '../apps/customer/src/customer.config.js';
import { GatewayConfig } from '../apps/gateway/src/gateway.config.js';
import { MarketingConfig } from '../apps/marketing/src/app.js';
import { ReportingConfig } from '../apps/reporting/src/reporting.config.js';
import { ServiceConfig } from '../apps/service/src/service.config.js';

export type ApplicationName = 'gateway' | ServiceName;
export const APPLICATIONS: readonly ApplicationName[] = ['gateway', ...SERVICES];

/** The environment that each application reads. */
export const APPLICATION_SETTINGS: Record<ApplicationName, z.ZodObject> = {
  gateway: GatewayConfig,
  auth: AuthConfig,
  marketing: MarketingConfig,
  customer: CustomerConfig,
  service: ServiceConfig,
  reporting: ReportingConfig,
};

import { loadConfig, type RunningApp, startService } from '#platform';
import { ServiceConfig } from './service.config.js';
import { service } from './service.module.js';

/** @throws ConfigError one line per bad variable */
export const start = (env: Record<string, string | undefined>): Promise<RunningApp> =>
  startService(service, loadConfig(ServiceConfig, env));

import { loadConfig, type RunningApp, startService } from '#platform';
import { ReportingConfig } from './reporting.config.js';
import { reporting } from './reporting.module.js';

/** @throws ConfigError one line per bad variable */
export const start = (env: Record<string, string | undefined>): Promise<RunningApp> =>
  startService(reporting, loadConfig(ReportingConfig, env));

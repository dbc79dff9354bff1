import { type Environment, loadConfig, type RunningApp, startService } from '#platform';
import { AuthConfig } from './auth.config.js';
import { authService } from './auth.module.js';

export async function start(env: Environment): Promise<RunningApp> {
  const config = loadConfig(AuthConfig, env);
  return startService(authService(config), config);
}

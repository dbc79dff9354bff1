import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '#platform';
import { APPLICATION_SETTINGS, type ApplicationName } from './application-settings.js';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const readText = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

export type Environment = Record<string, string>;

interface KubernetesObject {
  kind: string;
  metadata: { name: string };
  data?: Environment;
  stringData?: Environment;
}
interface SecretsModule {
  composeEnvironment: () => Environment;
  kubernetesSecrets: () => { items: KubernetesObject[] };
}
/** The generator of secrets, which is plain JavaScript so that it runs without a build. */
export const loadSecretsModule = async (): Promise<SecretsModule> =>
  (await import(new URL('../deploy/secrets.mjs', import.meta.url).href)) as SecretsModule;

/** Variables that the application does not know; throws ConfigError when one that it needs is missing or bad. */
export function unknownSettings(name: ApplicationName, environment: Environment): string[] {
  const schema = APPLICATION_SETTINGS[name];
  loadConfig(schema, environment);
  return Object.keys(environment).filter((variable) => !(variable in schema.shape));
}

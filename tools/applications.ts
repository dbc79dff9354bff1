import { spawn } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { SERVICES } from '#contracts';
import type { Neighbours, RunningApp } from '#platform';
import { freePort } from './infra/ports.js';
import { endProcess, type ProcessLedger } from './infra/processes.js';
import { publicKeys, type Secrets } from './infra/secrets.js';
import { LauncherSettings } from './launcher.config.js';
import { gatewayUrl } from './public-address.js';
import type { Running } from './supervisor.js';

export const APPLICATIONS: readonly string[] = [...SERVICES, 'gateway'];

/** One copy of one application: what it is called here, where it will listen, and its whole environment. */
export interface Application {
  /** `customer`, or `customer-2` for a second copy. */
  label: string;
  name: string;
  /** Base URL on this machine. */
  url: string;
  env: Record<string, string | undefined>;
}

/** Where the applications find what they stand on. */
export interface Foundations {
  databaseUrls: Record<string, string>;
  natsUrl: string;
  /** Of each application. */
  natsLogins: Record<string, { user?: string; password?: string }>;
  secrets: Secrets;
}

/** Gives every copy of every application its port and its environment; the gateway comes last. */
export async function planApplications(
  settings: LauncherSettings,
  foundations: Foundations,
  inherited: NodeJS.ProcessEnv,
): Promise<Application[]> {
  const { secrets } = foundations;
  const shared = {
    // What the launcher itself takes is not passed on: the administrator's password is the auth service's alone.
    ...Object.fromEntries(
      Object.entries(inherited).filter(([name]) => !(name in LauncherSettings.shape) && !name.startsWith('npm_')),
    ),
    BUSINESS_TIMEZONE: settings.BUSINESS_TIMEZONE,
    LOG_LEVEL: settings.LOG_LEVEL,
    NATS_URL: foundations.natsUrl,
  };
  const nats = (name: string) => ({
    NATS_USER: foundations.natsLogins[name]?.user,
    NATS_PASSWORD: foundations.natsLogins[name]?.password,
  });
  const services: Application[] = [];
  for (const name of SERVICES) {
    for (let copy = 1; copy <= settings.CRM_COPIES; copy++) {
      let port = await freePort();
      while (port === settings.GATEWAY_PORT) port = await freePort();
      const env = {
        ...shared,
        ...nats(name),
        HOST: '127.0.0.1',
        PORT: String(port),
        DATABASE_URL: foundations.databaseUrls[name],
        GATEWAY_PUBLIC_KEYS: JSON.stringify(publicKeys(secrets.gatewaySigningKey)),
        ...(name === 'auth' ? authEnvironment(settings, secrets) : {}),
      };
      services.push({ label: copy === 1 ? name : `${name}-${copy}`, name, url: `http://127.0.0.1:${port}`, env });
    }
  }
  const upstreams = SERVICES.map((name) => [
    `${name.toUpperCase()}_URL`,
    services
      .filter((app) => app.name === name)
      .map((app) => app.url)
      .join(','),
  ]);
  const gateway = {
    ...shared,
    ...nats('gateway'),
    GATEWAY_PORT: String(settings.GATEWAY_PORT),
    GATEWAY_HOST: settings.GATEWAY_HOST,
    GATEWAY_SIGNING_KEY: JSON.stringify(secrets.gatewaySigningKey),
    ...(Object.fromEntries(upstreams) as Record<string, string>),
  };
  return [...services, { label: 'gateway', name: 'gateway', url: gatewayUrl(settings), env: gateway }];
}

function authEnvironment(settings: LauncherSettings, secrets: Secrets): Record<string, string | undefined> {
  return {
    CRM_ADMIN_PASSWORD: settings.CRM_ADMIN_PASSWORD ?? secrets.adminPassword,
    CRM_DEMO: String(settings.CRM_DEMO),
    CRM_DEMO_PASSWORD: settings.CRM_DEMO_PASSWORD,
    SIGNING_KEY_SECRET: secrets.signingKeySecret,
  };
}

/** Loads what `startHere` will start, which takes as long as PostgreSQL does to be ready. */
export function loadHere(folder: URL): void {
  // An error of loading is one of the start.
  for (const name of APPLICATIONS) void loadApplication(name, folder).catch(() => undefined);
}

/** Starts an application in this process. `folder` is where the compiled applications lie, `neighbours` what the gateway finds here. */
export async function startHere(app: Application, folder: URL, neighbours: Neighbours): Promise<RunningApp> {
  const module = await loadApplication(app.name, folder);
  return module.start(app.env, neighbours);
}

const loadApplication = (name: string, folder: URL) =>
  import(new URL(`${name}/src/app.js`, folder).href) as Promise<{
    start: (env: Application['env'], neighbours: Neighbours) => Promise<RunningApp>;
  }>;

const BEHIND_THE_GATEWAY = 10;
/** Otherwise all that were started together collect at the same moment, when they have been busy for 100 s (ADR 28). */
const NO_MEMORY_REDUCER = '--no-memory-reducer';
/** Otherwise parts of a request are made old at birth and keep all of it alive when it is over (ADR 31). */
export const NO_PRETENURING = '--no-allocation-site-pretenuring';

/** Who is started further behind already stays there: only root may come forward. */
function standBehind(pid: number): void {
  if (getPriority() < BEHIND_THE_GATEWAY) setPriority(pid, BEHIND_THE_GATEWAY);
}

/** Starts an application as a process of its own, in this process's group, as a container would. `output`: a file's descriptor. */
export async function spawnApplication(
  app: Application,
  folder: URL,
  ledger: ProcessLedger,
  output: 'inherit' | number = 'inherit',
): Promise<Running> {
  const main = fileURLToPath(new URL(`${app.name}/src/main.js`, folder));
  const child = spawn(process.execPath, [NO_MEMORY_REDUCER, NO_PRETENURING, main], {
    env: app.env,
    stdio: ['ignore', output, output],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const identity = ledger.add(app.label, child.pid ?? 0);
  // On a machine that cannot keep up the gateway must, or nobody is refused in time.
  if (app.name !== 'gateway' && child.pid) standBehind(child.pid);
  return {
    identity,
    ended,
    async stop() {
      await endProcess(identity, [
        ['SIGTERM', 8_000],
        ['SIGKILL', 1_000],
      ]);
      ledger.remove(app.label);
    },
  };
}

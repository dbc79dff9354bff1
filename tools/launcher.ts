import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningApp } from '#platform';
import { type Application, planApplications, spawnApplication, startHere } from './applications.js';
import { loadDemo } from './demo/load-demo.js';
import { openInstallation, type StartedFoundations, startFoundations } from './foundations.js';
import { StartError } from './infra/start-error.js';
import { type LauncherSettings, readSettings } from './launcher.config.js';
import { gatewayUrl, publicHost } from './public-address.js';
import { Supervisor } from './supervisor.js';

export interface LaunchOptions {
  /** The checkout; a relative data folder lies in it. */
  root: string;
  /** One process per application. */
  split: boolean;
  env: NodeJS.ProcessEnv;
  /** Where the compiled applications lie. */
  applications?: URL;
}

const say = (line: string) => console.log(line);

/** Starts everything, says how to use it, and stops it on Ctrl-C or SIGTERM; the process ends with it. */
export async function launch(options: LaunchOptions): Promise<void> {
  const stops: Array<() => Promise<void>> = [];
  const abort = new AbortController();
  let stopping: Promise<void> | undefined;
  const stop = (exitCode: number) => {
    abort.abort();
    stopping ??= stopAll(stops).then(() => {
      if (exitCode === 0) say('Stopped.');
      process.exit(exitCode);
    });
    return stopping;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Ctrl-C may come twice, from the terminal and from npm: one stop answers both.
    process.on(signal, () => {
      if (!abort.signal.aborted) say('Stopping …');
      void stop(0);
    });
  }
  // A reader that went away, as in `npm start | head`, is no reason to fall over.
  process.stdout.on('error', () => undefined);
  process.on('uncaughtException', (error) => {
    if (abort.signal.aborted) return;
    console.error(error);
    void stop(1);
  });
  try {
    await startAll(options, stops, abort.signal);
  } catch (error) {
    if (!abort.signal.aborted)
      console.error(
        error instanceof StartError || (error as Error).name === 'ConfigError'
          ? `✖ ${(error as Error).message}`
          : error,
      );
    await stop(1);
  }
}

async function startAll(options: LaunchOptions, stops: Array<() => Promise<void>>, signal: AbortSignal): Promise<void> {
  const begun = Date.now();
  const settings = readSettings(options.env);
  const installation = await openInstallation(resolve(options.root, settings.CRM_DATA_DIR));
  stops.push(async () => installation.close());
  // After what a killed launcher left has been ended: its gateway may have had the port.
  settings.GATEWAY_HOST = await publicHost(settings);
  const foundations = await startFoundations(settings, installation, { say, stops, signal });
  if (signal.aborted) return;
  const apps = await planApplications(settings, foundations, options.env);
  const folder = options.applications ?? new URL('../apps/', import.meta.url);
  say(`Starting ${apps.length} applications ${options.split ? 'as one process each' : 'in this process'} …`);
  const watched = options.split
    ? await startSplit(apps, folder, foundations, stops, signal)
    : await startTogether(apps, folder, stops, signal);
  await Promise.all(apps.map((app) => untilReady(app, begun, watched, signal)));
  if (signal.aborted) return;
  if (settings.CRM_DEMO)
    await loadDemo({
      gateway: gatewayUrl(settings),
      password: settings.CRM_DEMO_PASSWORD,
      folder: resolve(options.root, 'tools/demo/northwind'),
      signal,
      say,
    });
  if (signal.aborted) return;
  announce(settings, foundations);
  foundations.forgetAdminPassword();
}

/** Stops work whatever has been started by then; one that is being started is waited for, so that it is not cut off half-way. */
async function startTogether(
  apps: Application[],
  folder: URL,
  stops: Array<() => Promise<void>>,
  signal: AbortSignal,
): Promise<Map<string, Supervisor>> {
  const running = new Map<Application, RunningApp>();
  const starts: Array<Promise<void>> = [];
  const startOne = async (app: Application) => {
    try {
      running.set(app, await startHere(app, folder));
    } catch (error) {
      if (error instanceof Error) error.message = `${app.label} does not start: ${error.message}`;
      throw error;
    }
  };
  const stopped = (gateway: boolean) => async () => {
    await Promise.race([Promise.allSettled(starts), sleep(5_000)]);
    const chosen = [...running].filter(([app]) => (app.name === 'gateway') === gateway);
    await Promise.all(chosen.map(([, handle]) => handle.stop()));
  };
  stops.push(stopped(false), stopped(true));
  // The gateway last: it would only report that the others do not answer yet.
  for (const gateway of [false, true]) {
    starts.push(...apps.filter((app) => (app.name === 'gateway') === gateway).map(startOne));
    await Promise.all(starts);
    if (signal.aborted) break;
  }
  return new Map();
}

async function startSplit(
  apps: Application[],
  folder: URL,
  { ledger }: Pick<StartedFoundations, 'ledger'>,
  stops: Array<() => Promise<void>>,
  signal: AbortSignal,
): Promise<Map<string, Supervisor>> {
  const supervisors = new Map(
    apps.map((app) => [app.label, new Supervisor(app.label, () => spawnApplication(app, folder, ledger), say, signal)]),
  );
  const stopped = (gateway: boolean) => async () => {
    const chosen = [...supervisors].filter(([label]) => (label === 'gateway') === gateway);
    await Promise.all(chosen.map(([, supervisor]) => supervisor.stop()));
  };
  stops.push(stopped(false), stopped(true));
  await Promise.all([...supervisors.values()].map((supervisor) => supervisor.start()));
  return supervisors;
}

const GIVE_UP_AFTER_FAILURES = 3;
const REMIND_EVERY = 15_000;

async function untilReady(
  app: Application,
  begun: number,
  supervisors: Map<string, Supervisor>,
  signal: AbortSignal,
): Promise<void> {
  let reminded = Date.now();
  while (!signal.aborted) {
    const answer = await fetch(`${app.url}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(
      (error: Error) => error,
    );
    if (answer instanceof Response && answer.ok) {
      await answer.body?.cancel();
      say(`  ${app.label} is ready (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
      return;
    }
    if ((supervisors.get(app.label)?.failures ?? 0) >= GIVE_UP_AFTER_FAILURES) {
      throw new StartError(`${app.label} ends each time it is started; what it said stands above.`);
    }
    const state = answer instanceof Response ? (await answer.text().catch(() => '')).slice(0, 300) : answer.message;
    if (Date.now() - reminded > REMIND_EVERY) {
      reminded = Date.now();
      say(`  still waiting for ${app.label}: ${state}`);
    }
    await sleep(50);
  }
}

function announce(settings: LauncherSettings, foundations: StartedFoundations): void {
  const url = gatewayUrl(settings).replace('127.0.0.1', 'localhost');
  const generated = settings.CRM_ADMIN_PASSWORD ? undefined : foundations.secrets.adminPassword;
  const lines = [
    ['The CRM runs at', url],
    ['Its API', `${url}/docs`],
  ];
  if (generated)
    lines.push(['Log in as', `admin  ${generated}  (shown only this once; it must be changed at the first login)`]);
  else
    lines.push([
      'Log in as',
      `admin  (the password ${settings.CRM_ADMIN_PASSWORD ? 'of CRM_ADMIN_PASSWORD, if this was the first start; it must be changed at the first login' : 'of the first start, or what it was changed to'})`,
    ]);
  if (settings.CRM_DEMO) lines.push(['', `sysadmin, manager, alice, bob or executive  ${settings.CRM_DEMO_PASSWORD}`]);
  if (foundations.credentials)
    lines.push(['Events by NATS', `${foundations.natsUrl}, credentials in ${foundations.credentials}`]);
  lines.push(['To stop', 'Ctrl-C']);
  say(`\n${lines.map(([title, text]) => `  ${title?.padEnd(16)} ${text}`).join('\n')}\n`);
}

/** The gateway, the services, NATS, PostgreSQL, in this order: each has its own limit, together below 30 s. */
async function stopAll(stops: Array<() => Promise<void>>): Promise<void> {
  const limit = sleep(28_000).then(() => console.error('Not everything stopped in time; the next start clears up.'));
  const inOrder = async () => {
    for (let stop = stops.pop(); stop; stop = stops.pop()) {
      await Promise.race([stop(), sleep(9_500)]).catch((error: unknown) => console.error(error));
    }
  };
  await Promise.race([inOrder(), limit]);
}

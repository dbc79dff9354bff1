import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadHere, planApplications, spawnApplication } from './applications.js';
import { loadDemo } from './demo/load-demo.js';
import { openInstallation, type StartedFoundations, startFoundations } from './foundations.js';

import { StartError } from './infra/start-error.js';
import { type LauncherSettings, readSettings } from './launcher.config.js';
import { gatewayUrl, publicHost, wantedHost } from './public-address.js';
import { startSplit, startTogether, untilReady } from './start-applications.js';

export interface LaunchOptions {
  /** The checkout; a relative data folder lies in it. */
  root: string;
  /** One process per application. */
  split: boolean;
  env: NodeJS.ProcessEnv;
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
  const hasDemoUsers = installation.hasDemoUsers(settings.CRM_DEMO);
  const host = wantedHost(options.env.GATEWAY_HOST, settings, hasDemoUsers);
  // After what a killed launcher left has been ended: its gateway may have had the port.
  settings.GATEWAY_HOST = await publicHost({ ...settings, GATEWAY_HOST: host });
  const folder = new URL('../apps/', import.meta.url);
  if (!options.split) loadHere(folder);
  const foundations = await startFoundations(settings, installation, { say, stops, signal });
  if (signal.aborted) return;
  const apps = await planApplications(settings, foundations, options.env);
  say(`Starting ${apps.length} applications ${options.split ? 'as one process each' : 'in this process'} …`);
  const watched = options.split
    ? await startSplit(apps, (app) => spawnApplication(app, folder, foundations.ledger), { say, stops, signal })
    : await startTogether(apps, folder, { say, stops, signal });
  await Promise.all(apps.map((app) => untilReady(app, begun, watched, { say, signal })));
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
  announce(settings, foundations, hasDemoUsers);
  foundations.forgetAdminPassword();
}

function announce(settings: LauncherSettings, foundations: StartedFoundations, hasDemoUsers: boolean): void {
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
  if (hasDemoUsers)
    lines.push([
      '',
      `sysadmin, manager, alice, bob or executive  ${settings.CRM_DEMO ? settings.CRM_DEMO_PASSWORD : '(as in the demo; while they can log in, open the CRM to others only with care)'}`,
    ]);
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

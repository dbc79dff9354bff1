import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { accountsSetting, natsAccounts, outsideSystems, SERVICES } from '#contracts';
import { APPLICATIONS, type Foundations } from './applications.js';
import { Installation } from './infra/installation.js';
import { fileStoreLimit, startNats } from './infra/nats.js';
import { startPostgres } from './infra/postgres.js';
import type { ProcessLedger } from './infra/processes.js';
import { provisionDatabase, provisionSchemas } from './infra/provision.js';
import { loadSecrets, saveSecrets, type Secrets, writePrivate } from './infra/secrets.js';
import { StartError } from './infra/start-error.js';
import type { LauncherSettings } from './launcher.config.js';
import { watchNats, WATCHER } from './nats-watch.js';
import { Supervisor } from './supervisor.js';

/** What a start reports to and registers with. */
export interface Progress {
  say: (line: string) => void;
  /** Run from the last to the first when everything stops. */
  stops: Array<() => Promise<void>>;
  /** Aborted when the stop begins. */
  signal: AbortSignal;
}

export interface StartedFoundations extends Foundations {
  ledger: ProcessLedger;
  /** Folder with the NATS credentials of other systems; none for a broker that is not ours. */
  credentials?: string;
  /** To be called when the password was shown. */
  forgetAdminPassword(): void;
}

/** Starts, or finds, PostgreSQL and NATS, and gives each service its place in them. */
export async function startFoundations(
  settings: LauncherSettings,
  installation: Installation,
  progress: Progress,
): Promise<StartedFoundations> {
  const { dataDir } = installation;
  const natsUsers = natsAccounts([WATCHER]).flatMap(({ users }) => users.map(({ user }) => user));
  const secrets = loadSecrets(dataDir, { services: SERVICES, natsUsers });
  const [databaseUrls, nats] = await Promise.all([
    databases(settings, installation, secrets, progress),
    settings.NATS_URL ? outsideNats(settings.NATS_URL) : embeddedNats(settings, installation, secrets, progress),
  ]);
  return {
    ...nats,
    databaseUrls,
    secrets,
    ledger: installation.ledger,
    forgetAdminPassword() {
      if (!secrets.adminPassword) return;
      delete secrets.adminPassword;
      saveSecrets(dataDir, secrets);
    },
  };
}

/** Takes hold of the data folder. @throws StartError when it is in use or cannot be written */
export async function openInstallation(dataDir: string): Promise<Installation> {
  try {
    return await Installation.open(dataDir);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR' || code === 'EEXIST') {
      throw new StartError(
        `CRM_DATA_DIR: ${path ?? dataDir} cannot be written (${code}): give the folder to this user, or choose another one.`,
      );
    }
    throw error;
  }
}

async function databases(
  settings: LauncherSettings,
  installation: Installation,
  secrets: Secrets,
  progress: Progress,
): Promise<Record<string, string>> {
  const own = Object.fromEntries(
    SERVICES.flatMap((service) => {
      const url = settings[`${service.toUpperCase()}_DATABASE_URL`];
      return url ? [[service, url]] : [];
    }),
  );
  const others = SERVICES.filter((service) => !own[service]);
  if (others.length === 0) return own;
  if (settings.DATABASE_URL) {
    try {
      return { ...(await provisionSchemas(settings.DATABASE_URL, others)), ...own };
    } catch (error) {
      throw new StartError(`DATABASE_URL: ${new URL(settings.DATABASE_URL).host} cannot be used: ${reason(error)}`);
    }
  }
  const port = installation.port('postgresPort');
  const supervisor = new Supervisor(
    'PostgreSQL',
    async () =>
      startPostgres({
        dataDir: installation.dataDir,
        port: await port,
        password: secrets.postgresPassword,
        ledger: installation.ledger,
        durable: true,
      }),
    progress.say,
    progress.signal,
  );
  progress.say('Starting PostgreSQL …');
  progress.stops.push(() => supervisor.stop());
  await supervisor.start();
  const admin = `postgresql://postgres:${secrets.postgresPassword}@127.0.0.1:${await port}/postgres`;
  return { ...(await provisionDatabase(admin, pick(secrets.databasePasswords, others))), ...own };
}

type NatsPlace = Pick<StartedFoundations, 'natsUrl' | 'natsLogins' | 'credentials'>;

async function embeddedNats(
  settings: LauncherSettings,
  installation: Installation,
  secrets: Secrets,
  progress: Progress,
): Promise<NatsPlace> {
  const port = installation.port('natsPort', settings.NATS_PORT);
  const passwordOf = (user: string) => secrets.natsPasswords[user] ?? '';
  const accounts = accountsSetting(natsAccounts([WATCHER]), passwordOf);
  const maxFileStore = installation.keep('maxFileStore', () => fileStoreLimit(installation.dataDir));
  const binary = settings.NATS_SERVER_BIN ?? 'nats-server';
  const supervisor = new Supervisor(
    'NATS',
    async () =>
      startNats({
        binary,
        dataDir: installation.dataDir,
        port: await port,
        accounts,
        ledger: installation.ledger,
        maxFileStore,
      }),
    progress.say,
    progress.signal,
  );
  progress.say('Starting NATS …');
  let unwatch: (() => Promise<void>) | undefined;
  progress.stops.push(async () => {
    await unwatch?.();
    await supervisor.stop();
  });
  await supervisor.start();
  const natsUrl = `nats://127.0.0.1:${await port}`;
  unwatch = await watchNats(supervisor, natsUrl, {
    user: WATCHER.user,
    password: passwordOf(WATCHER.user),
  });
  const natsLogins = Object.fromEntries(APPLICATIONS.map((user) => [user, { user, password: passwordOf(user) }]));
  return { natsUrl, natsLogins, credentials: writeCredentials(installation.dataDir, natsUrl, passwordOf) };
}

/** One file for each outside system. @returns their folder */
function writeCredentials(dataDir: string, url: string, passwordOf: (user: string) => string): string {
  const folder = join(dataDir, 'nats-credentials');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { user, ...place } of outsideSystems())
    writePrivate(join(folder, `${user}.json`), { url, user, password: passwordOf(user), ...place });
  return folder;
}

/** All applications use the login that is part of the URL. */
async function outsideNats(address: string): Promise<NatsPlace> {
  const url = new URL(address);
  const login = url.username
    ? { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
    : {};
  url.username = url.password = '';
  const natsUrl = url.href;
  try {
    const connection = await connect({
      servers: natsUrl,
      user: login.user,
      pass: login.password,
      timeout: 5_000,
      reconnect: false,
    });
    await connection.close();
  } catch (error) {
    throw new StartError(`NATS_URL: ${url.host} cannot be used: ${reason(error)}`);
  }
  return { natsUrl, natsLogins: Object.fromEntries(APPLICATIONS.map((name) => [name, login])) };
}

const reason = (error: unknown) =>
  (error instanceof AggregateError ? String(error.errors[0]) : (error as Error).message) || String(error);
const pick = (record: Record<string, string>, keys: readonly string[]) =>
  Object.fromEntries(keys.map((key) => [key, record[key] ?? '']));

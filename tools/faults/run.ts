import { StartError } from '../infra/start-error.js';
import { brokerRows } from './broker.rows.js';
import { eventRows } from './event.rows.js';
import type { FaultRow } from './fault-row.js';
import { jobRows } from './job.rows.js';
import { build, MUTANTS } from './mutants.js';
import { networkRows } from './network.rows.js';
import { overloadRow } from './overload.row.js';
import { processRows } from './process.rows.js';
import { keepResults, type MutantResult } from './report.js';
import { isGreen, type RowResult, runRow } from './run-row.js';
import { storageRows } from './storage.rows.js';

const ROWS: readonly FaultRow[] = [
  ...processRows,
  ...brokerRows,
  ...storageRows,
  ...networkRows,
  overloadRow,
  ...eventRows,
  ...jobRows,
].sort((a, b) => a.number - b.number);

export interface FaultsOptions {
  readonly seed: number;
  /** The most telling rows, with fewer repetitions. */
  readonly short: boolean;
  /** Numbers of rows; all when empty. */
  readonly rows: readonly number[];
  /** Only the proof of the checker; names of mutants, all when empty. */
  readonly mutants?: readonly string[];
  /** The folder of the page that long rows are kept in. */
  readonly docs: string;
}

/** @returns whether everything that ran was as it must be */
export async function runFaults({ seed, short, rows, mutants, docs }: FaultsOptions): Promise<boolean> {
  if (mutants) {
    const noticed = await runMutants(seed, mutants);
    if (!short) keepResults(docs, { rows: [], mutants: noticed });
    return noticed.every(({ noticedBy }) => noticedBy.length > 0);
  }
  const unknown = rows.find((each) => !ROWS.some(({ number }) => number === each));
  if (unknown !== undefined)
    throw new StartError(`There is no row ${unknown}: there are ${ROWS.map(({ number }) => number).join(', ')}.`);
  const chosen = ROWS.filter((row) => (rows.length > 0 ? rows.includes(row.number) : !short || row.inShort));
  const results: RowResult[] = [];
  for (const row of chosen) {
    const begun = performance.now();
    console.log(`F${row.number} ${row.fault} (seed ${seed}) …`);
    const result = await runRow(row, { seed, short });
    results.push(result);
    tell(result, (performance.now() - begun) / 1000);
    if (!short) keepResults(docs, { rows: [result], mutants: [] });
  }
  const green = results.every((result) => result.unable || isGreen(result));
  if (short || rows.length > 0) return green;
  const noticed = await runMutants(seed, []);
  keepResults(docs, { rows: [], mutants: noticed });
  return green && noticed.every(({ noticedBy }) => noticedBy.length > 0);
}

/** Breaks one mechanism after the other. */
async function runMutants(seed: number, names: readonly string[]): Promise<MutantResult[]> {
  const results: MutantResult[] = [];
  const unknown = names.find((each) => !MUTANTS.some(({ name }) => name === each));
  if (unknown !== undefined)
    throw new StartError(`There is no mutant ${unknown}: there are ${MUTANTS.map(({ name }) => name).join(', ')}.`);
  for (const mutant of MUTANTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    console.log(`Mutant ${mutant.name}: ${mutant.what} (F${mutant.row}, seed ${seed}) …`);
    const row = ROWS.find(({ number }) => number === mutant.row)!;
    const { violations, failure } = await runRow(row, {
      seed,
      short: true,
      applications: build(mutant),
      restWithin: 20,
    });
    const noticedBy = violations.map(({ rule, count }) => `${rule} (${count})`);
    console.log(
      `  ${noticedBy.length > 0 ? '✔ noticed:' : '✖ not noticed'} ${noticedBy.join('; ')}${failure ? `; ${failure}` : ''}`,
    );
    results.push({ mutant, noticedBy });
  }
  return results;
}

function tell(result: RowResult, took: number): void {
  if (result.unable) {
    console.log(`  – did not run: ${result.unable}`);
    return;
  }
  const { ok, failed, unknown } = result.operations;
  const figures = Object.entries(result.figures).map(([name, value]) => `${name}: ${value}`);
  console.log(
    `  ${isGreen(result) ? '✔' : '✖'} writes ${ok} ok, ${failed} refused, ${unknown} unknown; requests ${result.requests.all}, ` +
      `${result.requests.failed} failed; at rest after ${result.recoverySeconds ?? '–'} s; ${figures.join('; ')} (${took.toFixed(0)} s)`,
  );
  if (result.failure) console.log(`    ${result.failure}`);
  for (const { rule, count, examples } of result.violations)
    console.log(`    ${rule}: ${count}\n      ${examples.join('\n      ')}`);
}

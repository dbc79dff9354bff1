import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine, type Machine } from '../bench/machine.js';
import { table as alignedTable } from '../bench/report.js';
import type { Mutant } from './mutants.js';
import { isGreen, type RowResult } from './run-row.js';

/** What the checker found of a mutant. */
export interface MutantResult {
  readonly mutant: Mutant;
  readonly noticedBy: readonly string[];
}

interface Kept {
  readonly machine: Machine;
  readonly rows: ReadonlyArray<Dated<RowResult>>;
  readonly mutants: ReadonlyArray<Dated<MutantResult>>;
}
/** `date`: YYYY-MM-DD. */
type Dated<T> = T & { readonly date: string };

/**
 * Puts results of long rows among those of earlier runs, each the last of its row, and writes the page anew: whoever repairs one row
 * runs only that one again.
 */
export function keepResults(
  docs: string,
  { rows, mutants }: { readonly rows: readonly RowResult[]; readonly mutants: readonly MutantResult[] },
): void {
  const file = join(docs, 'faults.json');
  const before: Partial<Kept> = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : {};
  const date = new Date().toISOString().slice(0, 10);
  const kept: Kept = {
    machine: describeMachine(),
    rows: [
      ...(before.rows ?? []).filter(({ number }) => !rows.some((row) => row.number === number)),
      ...rows.map((row) => ({ ...row, date })),
    ].sort((a, b) => a.number - b.number),
    mutants: [
      ...(before.mutants ?? []).filter(({ mutant }) => !mutants.some((each) => each.mutant.name === mutant.name)),
      ...mutants.map((each) => ({ ...each, date })),
    ],
  };
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  writeFileSync(join(docs, 'faults.md'), markdown(kept));
}

const LOST = [
  'no acknowledged write is lost',
  'every event has its effect',
  'every consumer has every event',
  'every copy equals its original',
  'a win makes exactly one customer',
];
const DOUBLED = ['no write is there twice', 'no event has its effect twice'];
const DISORDERED = [
  "a consumer takes a record's events in order",
  "a record's events are numbered without a gap",
  'only the relay that rules marks events',
];

const count = (result: RowResult, rules: readonly string[]) =>
  result.violations.filter(({ rule }) => rules.includes(rule)).reduce((sum, violation) => sum + violation.count, 0);

const table = (head: readonly string[], rows: ReadonlyArray<ReadonlyArray<string | number>>) =>
  alignedTable([head, ...rows.map((cells) => cells.map((cell) => String(cell).replaceAll('|', '\\|')))]);

/** The page of the last long run of each row. */
function markdown({ machine, rows, mutants }: Kept): string {
  const ran = rows.filter(({ unable }) => !unable);
  const idle = rows.filter(({ unable }) => unable);
  const writes = ran.reduce((sum, { operations }) => sum + operations.ok, 0);
  return `# Faults · 故障测试

\`npm run faults\` starts the suite as \`npm run start:split\` does, with two copies of each service, on its own PostgreSQL and NATS, for each row anew.
Several people work with it by the clock, whatever the answers; a fault happens; it is healed; when nothing is on the way any more, a checker compares
what clients were told with what is there. \`-- --short\` runs the most telling rows, \`-- --rows 4,6\` single ones, \`-- --seed 7\` repeats the random
choices of a run, \`-- --mutants\` the proof of the checker below. What is called for by a row that needs root (a full disk, lost packets) does not run for others, and says so.

每一行都从零启动整套系统(每个服务两个副本),多人持续操作时注入故障,恢复后由检查器核对:已确认的写入恰好存在一次,被拒绝的不存在,未知的要么完整要么没有;
每个投影与本地副本等于其源表;每条记录的事件在每个消费者处按序、各生效一次;发件箱为空;没有无法解释的死信。

${machine.processor}, ${machine.cores} cores, ${machine.memoryGB} GB; Node.js ${machine.node}, PostgreSQL ${machine.postgres}, nats-server ${machine.natsServer}.

What the checker demands: an acknowledged write is readable exactly once through the gateway, a refused one not at all, one of unknown end wholly or not at all; a win
has made exactly one customer; every projection and every local copy equals its owner's tables; each record's events are numbered without a gap, every consumer has taken each in order,
and each had its effect once (counted by triggers in the database, in the transaction of the effect); only the relay that rules has marked rows; the outboxes are empty; no dead letter is there without a reason.

## Results · 结果

${writes.toLocaleString('en')} acknowledged writes in ${ran.length} rows. _lost_, _doubled_ and _out of order_ count events, writes and rows of copies; _failed requests_ had no answer or a 5xx,
which some faults must cause (both copies of a service killed at once); _at rest_ is the time from the end of the load until every event had its effect.
The p99 of other services is the second worst of that of each hundred requests in turn, so that one pause of a shared machine is no verdict.

${table(
  [
    'F',
    'fault',
    'must hold',
    'verdict',
    'writes ok / refused / unknown',
    'lost',
    'doubled',
    'out of order',
    'failed requests',
    'at rest, s',
    'figures',
    'seed',
    'date',
  ],
  ran.map((result) => [
    result.number,
    result.fault,
    result.invariant,
    isGreen(result)
      ? '✔'
      : `✘ ${[result.failure, ...result.violations.map(({ rule }) => rule)].filter(Boolean).join('; ')}`,
    `${result.operations.ok} / ${result.operations.failed} / ${result.operations.unknown}`,
    count(result, LOST),
    count(result, DOUBLED),
    count(result, DISORDERED),
    `${result.requests.failed} of ${result.requests.all}`,
    result.recoverySeconds ?? '–',
    Object.entries(result.figures)
      .map(([name, value]) => `${name}: ${value}`)
      .join('; '),
    result.seed,
    result.date,
  ]),
)}
${idle.length > 0 ? `\nDid not run here:\n\n${idle.map(({ number, fault, unable }) => `- F${number}, ${fault}: ${unable}`).join('\n')}\n` : ''}
## Is the checker any good? · 检查器本身是否可靠

Each mechanism is broken on purpose in a copy of the compiled code; the checker has to turn red. 故意破坏每个机制,检查器必须报错。

${table(
  ['broken', 'row', 'noticed', 'by'],
  mutants.map(({ mutant, noticedBy }) => [
    mutant.what,
    `F${mutant.row}`,
    noticedBy.length > 0 ? '✔' : '✘',
    noticedBy.join('; '),
  ]),
)}
`;
}

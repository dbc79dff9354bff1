import { isFailure } from './answers.js';
import { SalesSystem, untilFeedIsTakenIn } from './broker-client.js';
import { check, type Violation } from './checker.js';
import { Cluster, type ClusterOptions } from './cluster.js';
import { type FaultRow, type RowFigures, seconds } from './fault-row.js';
import { comeToRest, observe } from './observation.js';
import { People } from './people.js';
import { startRecording } from './recorder.js';
import { SeededRandom } from './seeded-random.js';
import { Workload } from './workload.js';

/** What came of one row. */
export interface RowResult {
  readonly number: number;
  readonly fault: string;
  readonly invariant: string;
  readonly seed: number;
  /** Why it did not run. */
  readonly unable?: string;
  readonly violations: readonly Violation[];
  /** What went wrong outside the checker's rules. */
  readonly failure?: string;
  readonly operations: Readonly<Record<'ok' | 'failed' | 'unknown', number>>;
  readonly requests: { readonly all: number; readonly failed: number };
  /** Seconds from the end of the workload until nothing was on the way any more. */
  readonly recoverySeconds?: number;
  readonly figures: RowFigures;
}

export interface RowOptions {
  readonly seed: number;
  readonly short: boolean;
  /** Applications with a fault built in. */
  readonly applications?: URL;
  /** Seconds that what is on the way may take; default 120. */
  readonly restWithin?: number;
}

const STORIES_PER_SECOND = 12;
/** The workload runs this long before the harm, so that there is something to harm, and after it. */
const PRELUDE_MS = 3000;

/** One fault against a fresh suite, and the verdict. */
export async function runRow(row: FaultRow, options: RowOptions): Promise<RowResult> {
  const { seed, short } = options;
  const { number, fault, invariant } = row;
  const result = {
    number,
    fault,
    invariant,
    seed,
    violations: [],
    operations: { ok: 0, failed: 0, unknown: 0 },
    requests: { all: 0, failed: 0 },
    figures: {},
  };
  const unable = row.unable?.();
  if (unable) return { ...result, unable };
  const random = new SeededRandom(seed);
  const settings: ClusterOptions = {
    ...row.cluster,
    random: () => random.next(),
    ...(options.applications ? { applications: options.applications } : {}),
  };
  const cluster = await Cluster.start(settings);
  const people = new People(cluster.url);
  try {
    await startRecording(cluster);
    await people.signIn();
    const spoilt = new Set<string>();
    const salesSystem = row.feedsOverNats ? await SalesSystem.connect(cluster) : undefined;
    if (salesSystem) cluster.beforeStop(() => salesSystem.close());
    const workload = new Workload(people, random, seed.toString(36), {
      storiesPerSecond: row.storiesPerSecond ?? STORIES_PER_SECOND,
      ...(salesSystem ? { feedOrders: (items, key) => salesSystem.feedOrders(items, key) } : {}),
    });
    let failure: string | undefined;
    let figures: RowFigures = {};
    workload.start();
    try {
      await new Promise((resolve) => setTimeout(resolve, PRELUDE_MS));
      figures = await row.harm({
        cluster,
        people,
        random,
        short,
        spoil: (record) => spoilt.add(record),
        quiet: () => workload.stop(),
        ...(salesSystem ? { salesSystem } : {}),
      });
    } catch (error) {
      failure = (error as Error).message;
    }
    await workload.stop();
    const begun = performance.now();
    let recoverySeconds: number | undefined;
    const withinMs = (options.restWithin ?? 120) * 1000;
    try {
      await cluster.allReady();
      if (salesSystem) await untilFeedIsTakenIn(cluster, withinMs);
      await comeToRest(cluster, { withinMs, spoilt });
      recoverySeconds = seconds(performance.now() - begun);
    } catch (error) {
      failure ??= (error as Error).message;
    }
    const reader = new People(cluster.url);
    await reader.signIn();
    const seen = await observe(cluster, reader, workload.history);
    await reader.close();
    const count = (outcome: string) => workload.history.filter((operation) => operation.outcome === outcome).length;
    return {
      ...result,
      violations: check(seen, { spoilt }),
      ...(failure === undefined ? {} : { failure }),
      operations: { ok: count('ok'), failed: count('failed'), unknown: count('unknown') },
      requests: {
        all: people.answers.length,
        failed: people.answers.filter(isFailure).length,
      },
      ...(recoverySeconds === undefined ? {} : { recoverySeconds }),
      figures,
    };
  } finally {
    await people.close();
    await cluster.stop();
  }
}

export const isGreen = (result: RowResult): boolean => !result.failure && result.violations.length === 0;

import type { SalesSystem } from './broker-client.js';
import type { Cluster, ClusterOptions } from './cluster.js';
import type { People } from './people.js';
import type { SeededRandom } from './seeded-random.js';

/** What a row adds to the figures that every row has, in the order in which they are told. */
export type RowFigures = Record<string, string | number>;

/** Where a fault happens: the running suite, under the workload. */
interface Stage {
  readonly cluster: Cluster;
  readonly people: People;
  readonly random: SeededRandom;
  /** The short form: fewer repetitions, the same kinds of harm. */
  readonly short: boolean;
  /** A record whose event is spoilt on purpose. */
  readonly spoil: (record: string) => void;
  /** Ends the workload before the row ends, to look at something at rest. */
  readonly quiet: () => Promise<void>;
  /** Where the row feeds over NATS. */
  readonly salesSystem?: SalesSystem;
}

/** One row of the fault table. */
export interface FaultRow {
  readonly number: number;
  readonly fault: string;
  readonly invariant: string;
  /** Part of the short form. */
  readonly inShort?: boolean;
  readonly cluster?: ClusterOptions;
  /** Default 12. 0: the row brings its own load. */
  readonly storiesPerSecond?: number;
  /** Whether the sales system feeds over NATS instead of the gateway. */
  readonly feedsOverNats?: boolean;
  /** Why it cannot run here; undefined where it can. */
  readonly unable?: () => string | undefined;
  /** Does the harm while the workload runs, and heals it. @throws when what must hold beside the checker's rules does not */
  harm(stage: Stage): Promise<RowFigures>;
}

/** @throws Error that tells what must hold */
export function mustHold(condition: boolean, what: string): void {
  if (!condition) throw new Error(`must hold: ${what}`);
}

export const seconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;

/** How the benchmark is to be run; each part takes what concerns it. */
export interface BenchOptions {
  /** Rows to measure at, ascending. */
  readonly sizes: number[];
  /** Connections at the same time. */
  readonly connections: number[];
  /** Of each figure; each round measures the product, then the floor. */
  readonly rounds: number;
  /** Length of a round. */
  readonly seconds: number;
  /** To try it: little data, one short round. */
  readonly quick: boolean;
  /** Prints a line of progress. */
  say(line: string): void;
}

/** One measured line of the benchmark. */
export interface Figure {
  /** Which table it belongs to: `http`, `search`, `events`, `feed`, `start`. */
  readonly part: string;
  /** What was done, such as `GET customer by id`. */
  readonly work: string;
  /** Under which conditions: rows, connections, one process or split. */
  readonly conditions: Readonly<Record<string, string | number>>;
  readonly unit: 'requests/s' | 'events/s' | 'orders/min' | 'rows/s' | 'ms' | 's' | 'MB';
  /** Medians of the rounds. */
  readonly value: number;
  /** The same work by the least that could do it, measured in rounds between those of `value`. */
  readonly floor?: { readonly what: string; readonly value: number };
  /** `value / floor.value`, rounded to two places. */
  readonly ratio?: number;
  /** CPU milliseconds of our processes for one request or event, PostgreSQL and NATS not counted; and the floor's. */
  readonly cpuMs?: number;
  readonly floorCpuMs?: number;
  /** Milliseconds. */
  readonly latency?: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly target?: { readonly text: string; readonly met: boolean };
  /** What a reader has to know to judge the figure. */
  readonly note?: string;
}

/** `Figure.ratio`. */
export const ratioOf = (value: number, floor: number): number => Math.round((value / floor) * 100) / 100;

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** The value that `share` (0 to 1) of the values do not exceed. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? Number.NaN;
};

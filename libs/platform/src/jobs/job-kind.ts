import type { Bilingual, Right } from '#contracts';
import type { RequestContext } from '../context/request-context.js';
import type { Tx } from '../db/tx.js';
import type { JobInput } from './job-input.js';

/**
 * One kind of background work: an import, a transfer of many records, a scan. Write an `@Injectable()` class, list it under
 * `providers` of the service's module and under `jobs` of its ServiceDefinition, and start it by `Jobs.start`.
 *
 * `run` works in chunks. Each is one transaction, made by `job.chunk`, that holds the work of the chunk, its events, the
 * checkpoint and the counts. So whatever happens in between (a crash, a deploy, a database that goes away), another copy of the
 * service calls `run` again, with `job.position` as the last committed chunk left it, and nothing is done twice or left out:
 *
 *     async run(job: RunningJob<Transfer, { after: string }>) {
 *       for (let after = job.position?.after ?? FIRST; ; ) {
 *         const { processed, position } = await job.chunk(async (tx) => {
 *           const customers = await nextCustomers(tx, job.parameters.fromOwnerId, after, 500);
 *           // set-based SQL, tx.publish(…) per record, recordCustomerActs(tx, …)
 *           return { position: { after: customers.at(-1)?.id ?? after }, processed: customers.length };
 *         });
 *         if (processed === 0) return;
 *         after = position.after;
 *       }
 *     }
 *
 * Do nothing outside of `job.chunk` that must not happen twice. The work of a chunk may be tried again by itself (after a deadlock),
 * so it must not change what is outside of it. Keep a chunk below a second or two: a stop of the service waits for its end.
 *
 * Everything runs in the name of who started the job, with the rights held then: `tx.actor`, `tx.requireScope` and events are as in
 * a request. What is refused row by row goes to `failures`. What ends the whole job is thrown: a CrmError is shown to people as it
 * is, a database that is away is waited for, anything else shows as `internal` and is logged.
 */
export interface JobKind<P = unknown, S = unknown> {
  /** Kebab-case, never renamed while jobs of it are open: `customer-import`. */
  readonly kind: string;
  /** Who holds it for all sees jobs of others, too; to undo a job it is needed with any scope. */
  readonly right: Right;
  /** The columns of GET /jobs/{id}/result behind `line`; none where there is no result. */
  readonly result?: readonly JobColumn[];
  run(job: RunningJob<P, S>): Promise<void>;
  /**
   * Takes back what the job `job.undoes` did: a job of its own, with the same `parameters` and a position, progress and result of
   * its own. Take back only what nobody touched since; what stays goes to `results`, with the reason. `job_result` says by
   * `record_id` what the first job made.
   */
  undo?(job: RunningJob<P, S> & { readonly undoes: string }): Promise<void>;
  /** The columns of the result of an undo. */
  readonly undoResult?: readonly JobColumn[];
}

export interface JobColumn {
  /** A member of the results' `details`. */
  readonly field: string;
  readonly label: Bilingual;
  /** What people read for a value that is a code, or several with `, ` between them. */
  readonly values?: Readonly<Record<string, Bilingual>>;
}

/** A job in the hands of this copy. */
export interface RunningJob<P = unknown, S = unknown> {
  readonly id: string;
  /** In whose name it runs. */
  readonly context: RequestContext;
  readonly parameters: P;
  /** Where the last committed chunk left off; undefined at the beginning. */
  readonly position: S | undefined;
  /** The job that this one takes back. */
  readonly undoes?: string;
  /** The file that was uploaded for it. */
  readonly input: JobInput;
  /** One transaction. Throws when the service stops or another copy has taken over; let that pass. */
  chunk(work: (tx: Tx) => Promise<Chunk<S>>): Promise<Chunk<S>>;
}

/** What a chunk did; kept in its transaction. */
export interface Chunk<S = unknown> {
  /** JSON; where the next chunk begins. One that is where it was, with nothing processed, is no progress: a job that ends its process is given up. */
  readonly position: S;
  /** How many rows or records it dealt with, the failed ones included. */
  readonly processed: number;
  /** Set as soon as it is known. */
  readonly total?: number;
  readonly failures?: readonly RowFailure[];
  readonly results?: readonly RowResult[];
}

/** A row that was refused, and why. */
export interface RowFailure {
  /** Its number in the file; any number of its own where there is no file. */
  readonly line: number;
  readonly errors: readonly RowError[];
  /** The cells as they came, in the order of the columns that `Jobs.start` was given. */
  readonly cells: readonly string[];
}
export interface RowError {
  readonly field: string;
  readonly code: string;
  readonly message: Bilingual;
}

/** What became of a row; `record` is what it made, by which an undo finds it. */
export interface RowResult {
  readonly line: number;
  readonly recordId?: string;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

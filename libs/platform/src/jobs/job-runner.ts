import { CrmError } from '#contracts';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RequestContext } from '../context/request-context.js';
import { continueTrace } from '../context/trace.js';
import { isUnavailable } from '../db/sql-state.js';
import { together } from '../db/sql.js';
import { UnitOfWork } from '../db/unit-of-work.js';
import type { Logger } from '../logging/logger.js';
import { LOGGER } from '../start/tokens.js';
import { dropOrphans, JobInput } from './job-input.js';
import type { Chunk, RunningJob } from './job-kind.js';
import { JobKinds } from './job-kinds.js';
import { JobLease, LeaseLost, RENEW_MS } from './job-lease.js';
import type { JobRow } from './job-row.js';
import { JobSignal } from './job-signal.js';

/** Safety net: how long a job can wait that was started by another copy, or left behind by one. */
const POLL_MS = 1000;
/** Runs without a chunk in between that moves the position or processes anything; a job that takes its process down with it must not go on for ever. */
const MOST_ATTEMPTS = 20;
const LONGEST_PAUSE_MS = 60_000;
const CLEAN_MS = 3_600_000;

/** The service stops; the job goes on in another copy, or in this one when it is back. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Runs the service's jobs in this copy: one of each kind at a time, so that a long import does not hold up a transfer. */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly running = new Map<string, Promise<void>>();
  private stopping = false;
  private loop?: Promise<void>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly uow: UnitOfWork,
    private readonly kinds: JobKinds,
    private readonly signal: JobSignal,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (this.kinds.names.length > 0) this.loop = this.run();
  }

  /** Before the connections go: chunks that are in work are finished, and no more begun. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    this.signal.notify();
    await this.loop;
    await Promise.all(this.running.values());
  }

  private async run(): Promise<void> {
    let cleanedAt = 0;
    while (!this.stopping) {
      if (Date.now() - cleanedAt > CLEAN_MS) {
        cleanedAt = Date.now();
        await dropOrphans(this.dataSource).catch((err: unknown) => this.logger.warn({ err }, 'old files stay'));
      }
      const job = await this.take();
      if (job) this.begin(job);
      else await this.signal.wait(POLL_MS);
    }
  }

  private async take(): Promise<JobRow | undefined> {
    const idle = this.kinds.names.filter((name) => !this.running.has(name));
    if (idle.length === 0) return undefined;
    return JobLease.take(this.dataSource, idle).catch((err: unknown) => {
      this.logger.warn({ err }, 'jobs could not be looked for');
      return undefined;
    });
  }

  private begin(job: JobRow): void {
    const done = this.work(job)
      .catch((err: unknown) => this.logger.warn({ err, job: job.id }, 'a job was left for its lease to run out'))
      .finally(() => {
        this.running.delete(job.kind);
        this.signal.notify();
      });
    this.running.set(job.kind, done);
  }

  private async work(job: JobRow): Promise<void> {
    const lease = new JobLease(this.dataSource, job);
    const renewal = setInterval(() => void lease.renew().catch(() => undefined), RENEW_MS);
    try {
      if (job.attempts > MOST_ATTEMPTS) throw new CrmError('internal');
      const trace = continueTrace(job.traceparent ?? undefined);
      await this.handle({ ...trace, language: 'en', actor: job.creator }, job, lease);
      await lease.succeed();
    } catch (error) {
      await this.settle(job, lease, error);
    } finally {
      clearInterval(renewal);
    }
  }

  private async handle(context: RequestContext, job: JobRow, lease: JobLease): Promise<void> {
    const kind = this.kinds.find(job.kind)!;
    const running: RunningJob = {
      id: job.id,
      context,
      parameters: job.parameters,
      position: job.position ?? undefined,
      input: new JobInput(this.dataSource.manager, job.id),
      chunk: async (work) => {
        if (this.stopping) throw new Interrupted();
        return this.uow.run(context, async (tx): Promise<Chunk> => {
          // A chunk is large, and its tables may have been small when a plan was made for good.
          await together([tx.query('SET LOCAL plan_cache_mode = auto'), lease.hold(tx)]);
          const chunk = await work(tx);
          await lease.keep(tx, chunk);
          return chunk;
        });
      },
    };
    if (job.undoes === null) await kind.run(running);
    else await kind.undo!({ ...running, undoes: job.undoes });
  }

  private async settle({ id, kind, attempts }: JobRow, lease: JobLease, error: unknown): Promise<void> {
    if (error instanceof LeaseLost) return;
    if (error instanceof Interrupted) return lease.release(0, false);
    if (isUnavailable(error) && attempts < MOST_ATTEMPTS) {
      this.logger.warn({ err: error, job: id, kind }, 'a job waits for the database');
      return lease.release(Math.min(LONGEST_PAUSE_MS, 250 * 2 ** attempts), true);
    }
    if (error instanceof CrmError && error.code !== 'internal') return lease.fail(error);
    this.logger.error({ err: error, job: id, kind }, 'a job failed');
    return lease.fail(new CrmError('internal'));
  }
}

import { type Actor, CustomerDeleted, type JobView } from '#contracts';
import { TestDatabase } from '#testing';
import type { ModuleRef } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { v7 } from 'uuid';
import type { RequestContext } from '../src/context/request-context.js';
import { continueTrace } from '../src/context/trace.js';
import { dataSourceOptions } from '../src/db/data-source.js';
import { MESSAGING_MIGRATIONS } from '../src/db/messaging.migration.js';
import { migrate } from '../src/db/migrate.js';
import { UnitOfWork } from '../src/db/unit-of-work.js';
import { RelaySignal } from '../src/events/relay-signal.js';
import { Job1763700000003 } from '../src/jobs/job.migration.js';
import type { Chunk, JobKind, RunningJob } from '../src/jobs/job-kind.js';
import { JobKinds } from '../src/jobs/job-kinds.js';
import { JobRunner } from '../src/jobs/job-runner.js';
import { JobSignal } from '../src/jobs/job-signal.js';
import { Jobs } from '../src/jobs/jobs.js';
import { createLogger } from '../src/logging/logger.js';

const ROWS = 10;
const PER_CHUNK = 3;
interface Position {
  readonly next: number;
}
/** Called before a chunk begins (`before`), and inside its transaction when its work is done (`inside`). */
type Hook = (next: number, copy: string) => Promise<void> | void;

/** Counts to ten in chunks of three: a row of `effect` for each number, and a refusal of each that is seven. */
export class Counting implements JobKind<{ name: string }, Position> {
  readonly kind = 'counting';
  readonly right = 'customer.import';
  readonly result = [
    { field: 'square', label: { en: 'square', zh: '平方' }, values: { '9': { en: 'nine', zh: '九' } } },
  ];
  readonly undoResult = [{ field: 'kept', label: { en: 'kept', zh: '保留' } }];
  before: Hook = () => undefined;
  inside: Hook = () => undefined;

  constructor(private readonly copy: string) {}

  async run(job: RunningJob<{ name: string }, Position>): Promise<void> {
    for (let next = job.position?.next ?? 1; next <= ROWS;) {
      await this.before(next, this.copy);
      const chunk = await job.chunk(async (tx): Promise<Chunk<Position>> => {
        const numbers = Array.from({ length: Math.min(PER_CHUNK, ROWS - next + 1) }, (_, index) => next + index);
        const good = numbers.filter((number) => number !== 7);
        await tx.query('INSERT INTO effect (job, number) SELECT $1, unnest($2::int[])', [job.parameters.name, good]);
        for (const number of good) tx.publish(deleted(number));
        await this.inside(next, this.copy);
        return {
          position: { next: next + numbers.length },
          processed: numbers.length,
          total: ROWS,
          failures: numbers.filter((number) => number === 7).map((line) => refused(line)),
          results: good.map((number) => ({ line: number, details: { square: String(number * number) } })),
        };
      });
      next = chunk.position.next;
    }
  }

  async undo(job: RunningJob<{ name: string }, Position> & { readonly undoes: string }): Promise<void> {
    await job.chunk(async (tx) => {
      const gone = await tx.query(
        'DELETE FROM effect WHERE job = $1 AND number IN (SELECT line FROM job_result WHERE job_id = $2) RETURNING 1',
        [job.parameters.name, job.undoes],
      );
      return { position: { next: 0 }, processed: gone.length, results: [{ line: 1, details: { kept: '=nothing' } }] };
    });
  }
}

const refused = (line: number) => ({
  line,
  errors: [{ field: 'number', code: 'unlucky', message: { en: 'is seven', zh: '是七' } }],
  cells: ['=7+1', 'a\u0000b\ud83d \\u0000 💥'],
});

const customerId = (number: number) => `01920000-0000-7000-8000-0000000000${String(number).padStart(2, '0')}`;
const deleted = (number: number) =>
  CustomerDeleted.of(customerId(number), {
    customerId: customerId(number),
    code: `CUS-${number}`,
    name: 'ACME',
    status: 'active',
    ownerId: null,
    externalRef: null,
    region: null,
    level: null,
    satisfaction: null,
    credit: null,
    industry: null,
    sourceOpportunityId: null,
  });

export const MANAGER: Actor = { id: v7(), name: 'manager', kind: 'user', rights: { 'customer.import': 'all' } };
export const OTHER_MANAGER: Actor = { ...MANAGER, id: v7() };
export const STRANGER: Actor = { id: v7(), name: 'stranger', kind: 'user', rights: { 'customer.read': 'all' } };

/** One copy of a service with jobs: its own connections, runner and door. */
export class Copy {
  readonly counting: Counting;
  readonly jobs: Jobs;
  readonly dataSource: DataSource;
  readonly uow: UnitOfWork;
  private readonly runner: JobRunner;

  constructor(name: string, url: string) {
    this.dataSource = new DataSource(
      dataSourceOptions('customer', url, 8, [], [...MESSAGING_MIGRATIONS, Job1763700000003]),
    );
    this.counting = new Counting(name);
    const kinds = new JobKinds([Counting], { get: () => this.counting } as unknown as ModuleRef);
    kinds.onModuleInit();
    this.uow = new UnitOfWork(this.dataSource, new RelaySignal(), [], { BUSINESS_TIMEZONE: 'UTC' });
    const signal = new JobSignal();
    this.jobs = new Jobs(this.dataSource, this.uow, kinds, signal, 'customer');
    this.runner = new JobRunner(this.dataSource, this.uow, kinds, signal, createLogger('customer', 'silent'));
  }

  run(): void {
    this.runner.onApplicationBootstrap();
  }

  stop(): Promise<void> {
    return this.runner.beforeApplicationShutdown();
  }

  start(name: string, actor: Actor = MANAGER): Promise<JobView> {
    const job = { parameters: { name }, columns: ['number', 'note'] };
    return this.jobs.start(by(actor), Counting, job);
  }
}

export const by = (actor: Actor, language: 'en' | 'zh' = 'en'): RequestContext => ({
  ...continueTrace(),
  language,
  actor,
});

/** One database of a service, and as many copies of it as a test wants. */
export class JobWorld {
  private readonly copies: Copy[] = [];

  private constructor(readonly database: TestDatabase) {}

  static async create(): Promise<JobWorld> {
    const world = new JobWorld(await TestDatabase.create());
    const { dataSource } = await world.copy('first');
    await migrate(dataSource, 'customer', world.database.url);
    await world.query('CREATE TABLE effect (job text, number int)');
    return world;
  }

  async copy(name: string): Promise<Copy> {
    const copy = new Copy(name, this.database.url);
    this.copies.push(copy);
    await copy.dataSource.initialize();
    return copy;
  }

  query<R = Record<string, unknown>>(sql: string, parameters: unknown[] = []): Promise<R[]> {
    return this.copies[0]!.dataSource.query<R[]>(sql, parameters);
  }

  async effects(name: string): Promise<number[]> {
    const rows = await this.query<{ number: number }>('SELECT number FROM effect WHERE job = $1 ORDER BY number', [
      name,
    ]);
    return rows.map(({ number }) => number);
  }

  /** How many events a job has published. */
  async eventsOf(id: string): Promise<number> {
    const [row] = await this.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM outbox WHERE split_part(traceparent, '-', 2) =
         (SELECT split_part(traceparent, '-', 2) FROM job WHERE id = $1)`,
      [id],
    );
    return row!.count;
  }

  async ended(id: string): Promise<JobView> {
    for (const deadline = Date.now() + 15_000; ;) {
      const job = await this.copies[0]!.jobs.get(by(MANAGER), id);
      if (job.status === 'succeeded' || job.status === 'failed') return job;
      if (Date.now() > deadline) throw new Error(`job is still ${job.status}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** As if the copy that holds a job had said nothing for long. */
  async letLeasesRunOut(): Promise<void> {
    await this.query(`UPDATE job SET lease_until = now() - interval '1 second' WHERE status = 'running'`);
  }

  /** Stops every copy, so that the next test has the jobs to itself. */
  async calm(): Promise<void> {
    await Promise.all(this.copies.map((copy) => copy.stop()));
  }

  async close(): Promise<void> {
    await this.calm();
    await Promise.all(this.copies.map(({ dataSource }) => dataSource.destroy()));
    await this.database.drop();
  }
}

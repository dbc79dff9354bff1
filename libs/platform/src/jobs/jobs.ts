import { type Actor, CrmError, jobIdOf, type JobView, type ServiceName, serviceOfJob } from '#contracts';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 } from 'uuid';
import type { Language, RequestContext } from '../context/request-context.js';
import { runSql } from '../db/sql.js';
import { hasSqlState } from '../db/sql-state.js';
import type { Tx } from '../db/tx.js';
import { AnsweredBefore, UnitOfWork } from '../db/unit-of-work.js';
import { TextSurvey } from '../table-file/text-survey.js';
import { SERVICE_NAME } from '../start/tokens.js';
import type { Upload } from '../http/upload.js';
import { dropInput, JobInput, storeInput } from './job-input.js';
import { jobErrors, jobResult } from './job-files.js';
import { type JobClass, JobKinds } from './job-kinds.js';
import type { JobKind } from './job-kind.js';
import { isOver, JOB_WITH_UNDO, type JobRow, jobView } from './job-row.js';
import { JobSignal } from './job-signal.js';

export interface NewJob<P> {
  readonly parameters: P;
  /** Where it is known at once. */
  readonly total?: number;
  /** The columns of a file, for the list of what was refused. */
  readonly columns?: readonly string[];
  /** The id that its input was stored under. */
  readonly id?: string;
}

/** Starts background jobs, and tells of them. */
@Injectable()
export class Jobs {
  constructor(
    private readonly dataSource: DataSource,
    private readonly uow: UnitOfWork,
    private readonly kinds: JobKinds,
    private readonly signal: JobSignal,
    @Inject(SERVICE_NAME) private readonly service: ServiceName,
  ) {}

  /**
   * Stores a job of this kind in the name of who asks; it starts when that is committed. `within` runs in the same transaction, before,
   * for checks and for what must be written together with it.
   */
  async start<P>(
    context: RequestContext,
    kind: JobClass<P>,
    job: NewJob<P>,
    within: (tx: Tx) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<JobView> {
    const found = this.kinds.of(kind);
    const view = await this.uow.run(context, async (tx) => {
      await within(tx);
      return this.store(tx, found, job);
    });
    this.signal.notify();
    return view;
  }

  /**
   * Stores the file that a request brings, then a job that works on it. `prepare` reads as much of it as it takes to refuse a file
   * that cannot be used, and says the rest of the job.
   */
  async startWithFile<P>(
    context: RequestContext,
    kind: JobClass<P>,
    upload: Upload,
    prepare: (input: JobInput, survey: TextSurvey) => Promise<Omit<NewJob<P>, 'id'>>,
  ): Promise<JobView> {
    const id = this.newId();
    try {
      const { manager } = this.dataSource;
      const survey = new TextSurvey();
      const digest = await storeInput(manager, id, upload, (part) => survey.see(part));
      context.idempotency?.ofFile(digest);
      return await this.start(context, kind, { ...(await prepare(new JobInput(manager, id), survey)), id });
    } catch (error) {
      // Where a failure leaves it open whether the job is there, it may need its file; one that nobody needs is removed later.
      if (error instanceof CrmError || error instanceof AnsweredBefore)
        await dropInput(this.dataSource, id).catch(() => undefined);
      throw error;
    }
  }

  /** @throws CrmError not-found where there is none, or none that this person may see */
  async get({ actor, language }: RequestContext, id: string): Promise<JobView> {
    return this.view(await this.visible(id, actor), language);
  }

  async errors({ actor, language }: RequestContext, id: string) {
    const job = await this.visible(id, actor);
    return jobErrors(this.dataSource, job, language);
  }

  /** @throws CrmError not-found where the kind has no result */
  async result({ actor, language }: RequestContext, id: string) {
    const job = await this.visible(id, actor);
    const columns = this.resultColumns(job);
    if (!columns) throw new CrmError('not-found');
    return jobResult(this.dataSource, job, columns, language);
  }

  /** Starts the job that takes this one back. */
  async undo(context: RequestContext, id: string): Promise<JobView> {
    const { actor } = context;
    try {
      // What a repeated request is told was right when it came first, so the key is looked at before the job.
      const view = await this.uow.run(context, async (tx) => {
        const job = await this.visible(id, actor, tx.manager);
        const { parameters, processed } = job;
        return this.store(tx, this.undoable(job, actor), { parameters, total: processed }, job.id);
      });
      this.signal.notify();
      return view;
    } catch (error) {
      if (hasSqlState(error, '23505')) throw illegalUndo('being undone');
      throw error;
    }
  }

  private undoable(job: JobRow, actor: Actor): JobKind {
    const kind = this.kinds.find(job.kind);
    if (job.undoes !== null)
      throw new CrmError('not-undoable', { reason: 'it takes another one back itself · 它本身就是一次撤销' });
    if (!kind?.undo)
      throw new CrmError('not-undoable', {
        reason: `none of the kind "${job.kind}" can be · “${job.kind}”类任务均不支持撤销`,
      });
    if (!isOver(job.status)) throw illegalUndo(job.status);
    if (job.undoStatus && job.undoStatus !== 'failed')
      throw illegalUndo(isOver(job.undoStatus) ? 'undone' : 'being undone');
    if (actor.kind !== 'gateway' && !actor.rights[kind.right]) throw new CrmError('forbidden', { right: kind.right });
    return kind;
  }

  private async store(
    tx: Tx,
    kind: JobKind,
    { parameters, total, columns = [], id = this.newId() }: NewJob<unknown>,
    undoes: string | null = null,
  ): Promise<JobView> {
    const { sessionId: _session, ...creator } = tx.actor;
    await tx.query(
      `INSERT INTO job (id, kind, access, creator_id, creator, traceparent, parameters, total, columns, undoes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        id,
        kind.kind,
        kind.right,
        creator.id,
        JSON.stringify(creator),
        tx.context.traceparent,
        JSON.stringify(parameters),
        total ?? null,
        columns,
        undoes,
      ],
    );
    const [row] = await tx.query<JobRow>(`${JOB_WITH_UNDO} WHERE t.id = $1`, [id]);
    return this.view(row!, tx.context.language);
  }

  private newId(): string {
    return jobIdOf(this.service, v7());
  }

  private async visible(id: string, actor: Actor, manager = this.dataSource.manager): Promise<JobRow> {
    const [row] =
      serviceOfJob(id) === this.service ? await runSql<JobRow>(manager, `${JOB_WITH_UNDO} WHERE t.id = $1`, [id]) : [];
    const rights: Partial<Record<string, string>> = actor.rights;
    if (!row || (row.creatorId !== actor.id && rights[row.access] !== 'all')) throw new CrmError('not-found');
    return row;
  }

  private view(row: JobRow, language: Language): JobView {
    const shown = { hasResult: this.resultColumns(row) !== undefined, undoable: !!this.kinds.find(row.kind)?.undo };
    return jobView(row, shown, language);
  }

  private resultColumns({ kind, undoes }: JobRow) {
    const found = this.kinds.find(kind);
    return undoes === null ? found?.result : found?.undoResult;
  }
}

const illegalUndo = (state: string) => new CrmError('illegal-transition', { move: 'undo', state, allowed: [] });

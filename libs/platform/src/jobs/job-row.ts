import {
  type Actor,
  CrmError,
  jobPath,
  type JobStatus,
  type JobView,
  type ProblemCode,
  type ProblemParameters,
} from '#contracts';
import type { Language } from '../context/request-context.js';
import { problemDocument } from '../http/problem.js';
import { API_PREFIX } from '../start/tokens.js';

/** A job as it is stored, with the job that takes it back. */
export interface JobRow {
  readonly id: string;
  readonly kind: string;
  readonly access: string;
  readonly creatorId: string;
  readonly creator: Actor;
  readonly traceparent: string | null;
  readonly status: JobStatus;
  readonly parameters: unknown;
  readonly columns: string[];
  readonly position: unknown;
  readonly total: number | null;
  readonly processed: number;
  readonly failed: number;
  readonly error: { readonly code: ProblemCode; readonly parameters: ProblemParameters } | null;
  readonly undoes: string | null;
  readonly attempts: number;
  readonly lease: number;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly undoJobId: string | null;
  readonly undoStatus: JobStatus | null;
}

/** On the alias `t`. */
export const JOB_COLUMNS = `t.id, t.kind, t.access, t.creator_id AS "creatorId", t.creator, t.traceparent, t.status, t.parameters, t.columns,
  t.position, t.total, t.processed, t.failed, t.error, t.undoes, t.attempts, t.lease, t.created_at AS "createdAt",
  t.started_at AS "startedAt", t.finished_at AS "finishedAt"`;
/** The undo that runs or has succeeded, else the last that failed; an undo has none. */
export const JOB_WITH_UNDO = `SELECT ${JOB_COLUMNS}, u.id AS "undoJobId", u.status AS "undoStatus" FROM job t
  LEFT JOIN LATERAL (SELECT id, status FROM job WHERE undoes = t.id ORDER BY status = 'failed', created_at DESC LIMIT 1) AS u ON true`;

export const isOver = (status: JobStatus): boolean => status === 'succeeded' || status === 'failed';

/** What about the kind a view shows. */
export interface ShownKind {
  readonly hasResult: boolean;
  readonly undoable: boolean;
}

export function jobView(row: JobRow, kind: ShownKind, language: Language): JobView {
  const path = `/${API_PREFIX}${jobPath(row.id)}`;
  const problem = row.error && problemDocument(new CrmError(row.error.code, row.error.parameters), language, path);
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    total: row.total,
    processed: row.processed,
    failed: row.failed,
    errorsUrl: row.failed > 0 ? `${path}/errors` : null,
    resultUrl: kind.hasResult ? `${path}/result` : null,
    error: problem && { type: problem.type, title: problem.title, detail: problem.detail },
    undoable:
      kind.undoable &&
      row.undoes === null &&
      isOver(row.status) &&
      row.processed > 0 &&
      (row.undoStatus === null || row.undoStatus === 'failed'),
    undoes: row.undoes,
    undo: row.undoJobId === null ? null : { jobId: row.undoJobId, status: row.undoStatus! },
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}

import { z } from 'zod';
import { defineRoutes, SERVICES, type ServiceName } from './define-routes.js';
import { Id, Instant } from './fields.js';

/** Services that run background jobs. */
export const JOB_SERVICES: readonly ServiceName[] = ['marketing', 'customer'];

/** The last hex digit of a job's id is its service's place in SERVICES, so that anybody who has the id knows whom to ask. */
export const jobIdOf = (service: ServiceName, uuid: string): string =>
  uuid.slice(0, -1) + SERVICES.indexOf(service).toString(16);

/** The service that runs the job of this id; undefined for what is no job's id. */
export function serviceOfJob(id: string): ServiceName | undefined {
  if (!Id.safeParse(id).success) return undefined;
  const service = SERVICES[Number.parseInt(id.slice(-1), 16)];
  return service && JOB_SERVICES.includes(service) ? service : undefined;
}

export const JOB_STATUSES = ['queued', 'running', 'succeeded', 'failed'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const JobView = z
  .object({
    id: Id,
    kind: z.string().meta({ example: 'customer-import' }),
    status: z.enum(JOB_STATUSES),
    total: z.int().nullable().meta({ description: 'null while it is not known yet' }),
    processed: z.int().meta({ description: 'Rows or records that were looked at, the failed ones included' }),
    failed: z
      .int()
      .meta({ description: 'Rows or records that were refused, each for the reason that errorsUrl names' }),
    errorsUrl: z.string().nullable().meta({ description: 'CSV of what was refused; null when nothing was' }),
    resultUrl: z.string().nullable().meta({ description: 'CSV of what was done; null where the kind has none' }),
    error: z
      .object({ type: z.string(), title: z.string(), detail: z.string() })
      .nullable()
      .meta({ description: 'Why the job as a whole failed' }),
    undoable: z.boolean().meta({ description: 'Whether POST /jobs/{id}/undo is possible now' }),
    undoes: Id.nullable().meta({ description: 'The job that this one takes back' }),
    undo: z
      .object({ jobId: Id, status: z.enum(JOB_STATUSES) })
      .nullable()
      .meta({ description: 'The job that takes this one back' }),
    createdAt: Instant,
    startedAt: Instant.nullable(),
    finishedAt: Instant.nullable(),
  })
  .meta({ id: 'Job' });
export type JobView = z.infer<typeof JobView>;

/** What an import takes (MKT-9, CUS-8), and how much of it. */
export const TABLE_FILES = ['text/csv', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'] as const;
export const UPLOAD_LIMIT = 1024 * 1024 * 1024;

/** Where the job of this id is read, below the prefix of the API. */
export const jobPath = (id: string): string => `/jobs/${id}`;

/** Served by each of JOB_SERVICES for its own jobs. Seen by who started the job, and by who holds its kind's right for all. */
export const JobRoutes = defineRoutes('customer', 'jobs', {
  getJob: {
    method: 'GET',
    path: '/jobs/:id',
    access: 'signed-in',
    summary: 'Progress of a background job · 后台任务进度',
    response: JobView,
    ofJob: true,
  },
  getJobErrors: {
    method: 'GET',
    path: '/jobs/:id/errors',
    access: 'signed-in',
    summary: 'What the job refused, row by row: line, field, reason and the row as it was · 任务的错误行',
    file: 'text/csv',
    status: 200,
    ofJob: true,
  },
  getJobResult: {
    method: 'GET',
    path: '/jobs/:id/result',
    access: 'signed-in',
    summary: 'What the job did, row by row · 任务的结果',
    file: 'text/csv',
    status: 200,
    ofJob: true,
  },
  undoJob: {
    method: 'POST',
    path: '/jobs/:id/undo',
    access: 'signed-in',
    summary: 'Take back what the job did and nobody touched since; its result lists the rest · 撤销任务',
    response: JobView,
    status: 202,
    ofJob: true,
  },
});

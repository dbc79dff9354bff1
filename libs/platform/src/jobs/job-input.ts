import { CrmError } from '#contracts';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { DataSource, EntityManager } from 'typeorm';
import { runSql } from '../db/sql.js';
import type { Upload } from '../http/upload.js';

/** All parts but the last have this size, so that an offset says its part. */
const PART = 512 * 1024;

/** The file of a job, which lies in the database because any copy of the service may run the job. */
export class JobInput {
  constructor(
    private readonly manager: EntityManager,
    private readonly jobId: string,
  ) {}

  /** Its bytes from `offset` on, part by part. */
  async *read(offset = 0): AsyncGenerator<Buffer> {
    const first = Math.floor(offset / PART);
    for (let place = first; ; place++) {
      const bytes = await this.part(place);
      if (!bytes) return;
      yield place === first ? bytes.subarray(offset - first * PART) : bytes;
      if (bytes.length < PART) return;
    }
  }

  async size(): Promise<number> {
    const [row] = await runSql<{ size: number }>(
      this.manager,
      `SELECT place * ${PART}::bigint + length(bytes) AS size FROM job_input WHERE job_id = $1 ORDER BY place DESC LIMIT 1`,
      [this.jobId],
    );
    return row?.size ?? 0;
  }

  private async part(place: number): Promise<Buffer | undefined> {
    const [row] = await runSql<{ bytes: Buffer }>(
      this.manager,
      'SELECT bytes FROM job_input WHERE job_id = $1 AND place = $2',
      [this.jobId, place],
    );
    return row?.bytes;
  }
}

/**
 * Stores a file as it comes in, never more than two parts of it in memory.
 * `see` is shown each part.
 * @returns the digest of its bytes
 * @throws CrmError payload-too-large, malformed-request when it ends before its end
 */
export async function storeInput(
  manager: EntityManager,
  jobId: string,
  upload: Upload,
  see: (part: Buffer) => void,
): Promise<string> {
  const digest = createHash('sha256');
  let place = 0;
  let storing: Promise<unknown> = Promise.resolve();
  try {
    for await (const part of partsOf(upload)) {
      digest.update(part);
      see(part);
      await storing;
      storing = runSql(manager, 'INSERT INTO job_input (job_id, place, bytes) VALUES ($1, $2, $3)', [
        jobId,
        place++,
        part,
      ]);
      // Heard of when the next part comes, or at the end.
      storing.catch(() => undefined);
    }
    await storing;
  } finally {
    // Nothing is stored behind the back of who then removes it.
    await storing.catch(() => undefined);
  }
  return digest.digest('base64url');
}

async function* partsOf({ stream, limit }: Upload): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let held = 0;
  let size = 0;
  for await (const piece of whole(stream)) {
    size += piece.length;
    if (size > limit) throw new CrmError('payload-too-large', { limit });
    pieces.push(piece);
    held += piece.length;
    if (held < PART) continue;
    const bytes = Buffer.concat(pieces);
    let at = 0;
    for (; held - at >= PART; at += PART) yield bytes.subarray(at, at + PART);
    pieces = [bytes.subarray(at)];
    held -= at;
  }
  if (held > 0) yield Buffer.concat(pieces);
}

async function* whole(stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch {
    throw new CrmError('malformed-request', { reason: 'the file did not arrive whole · 文件未完整上传' });
  }
}

const PARTS_AT_ONCE = 64;

/** In bounded steps: a file may have a gigabyte. */
export async function dropInput({ manager }: DataSource, jobId: string): Promise<void> {
  let dropped: number;
  do
    dropped = (
      await runSql(
        manager,
        `DELETE FROM job_input WHERE job_id = $1 AND place IN
           (SELECT place FROM job_input WHERE job_id = $1 ORDER BY place DESC LIMIT ${PARTS_AT_ONCE}) RETURNING 1`,
        [jobId],
      )
    ).length;
  while (dropped === PARTS_AT_ONCE);
}

/** Files whose upload was cut off by a crash, and those of jobs that are over. */
export async function dropOrphans(dataSource: DataSource): Promise<void> {
  const orphans = await runSql<{ id: string }>(
    dataSource.manager,
    `SELECT i.job_id AS id FROM job_input i LEFT JOIN job j ON j.id = i.job_id
      WHERE i.place = 0 AND i.stored_at < now() - interval '1 day' AND (j.id IS NULL OR j.status IN ('succeeded', 'failed'))`,
  );
  for (const { id } of orphans) await dropInput(dataSource, id);
}

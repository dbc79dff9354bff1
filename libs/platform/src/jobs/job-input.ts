import type { EntityManager } from 'typeorm';
import { runSql } from '../db/sql.js';

/** All parts but the last have this size, so that an offset says its part. */
const INPUT_PART = 512 * 1024;

/** The file of a job, which lies in the database because any copy of the service may run the job. */
export class JobInput {
  constructor(
    private readonly manager: EntityManager,
    private readonly jobId: string,
  ) {}

  /** Its bytes from `offset` on, part by part. */
  async *read(offset = 0): AsyncGenerator<Buffer> {
    const first = Math.floor(offset / INPUT_PART);
    for (let place = first; ; place++) {
      const bytes = await this.part(place);
      if (!bytes) return;
      yield place === first ? bytes.subarray(offset - first * INPUT_PART) : bytes;
      if (bytes.length < INPUT_PART) return;
    }
  }

  async size(): Promise<number> {
    const [row] = await runSql<{ size: number }>(
      this.manager,
      `SELECT (place * ${INPUT_PART}::bigint + length(bytes)) AS size FROM job_input WHERE job_id = $1 ORDER BY place DESC LIMIT 1`,
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

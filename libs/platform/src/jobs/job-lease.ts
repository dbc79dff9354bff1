import type { CrmError } from '#contracts';
import type { DataSource } from 'typeorm';
import { copyRows } from '../db/copy.js';
import { runSql, together } from '../db/sql.js';
import type { Tx } from '../db/tx.js';
import { dropInput } from './job-input.js';
import type { Chunk } from './job-kind.js';
import { JOB_COLUMNS, type JobRow } from './job-row.js';

/** A copy that says nothing for this long is taken for dead; the database's clock counts. */
const LEASE = `interval '30 seconds'`;
export const RENEW_MS = 10_000;

/** Another copy has taken the job over: whatever this one still does for it must not be kept. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/**
 * What the copies of a service share out among them. A job is held by its `lease`, a number that grows each time it is taken: a copy
 * that was frozen and wakes up holds an old number, and nothing it writes is kept. While a chunk is in work its transaction has the
 * row locked, so nobody takes the job away from under it.
 */
export class JobLease {
  constructor(
    private readonly dataSource: DataSource,
    readonly job: Pick<JobRow, 'id' | 'lease'>,
  ) {}

  /** The oldest job of these kinds that nobody works on. */
  static async take(dataSource: DataSource, kinds: readonly string[]): Promise<JobRow | undefined> {
    const [row] = await runSql<JobRow>(
      dataSource.manager,
      `UPDATE job t SET status = 'running', lease = t.lease + 1, lease_until = clock_timestamp() + ${LEASE}, attempts = t.attempts + 1,
              started_at = coalesce(t.started_at, clock_timestamp())
        WHERE t.id = (SELECT id FROM job
                       WHERE status IN ('queued', 'running') AND kind = ANY ($1) AND (lease_until IS NULL OR lease_until < clock_timestamp())
                       ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING ${JOB_COLUMNS}`,
      [kinds],
    );
    return row;
  }

  /** Between chunks; during one the lock holds. */
  async renew(): Promise<void> {
    await this.update(
      `lease_until = clock_timestamp() + ${LEASE}`,
      [],
      'id = (SELECT id FROM job WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED)',
    );
  }

  /** For another copy, or this one again, after a while. */
  async release(afterMs: number, countsAsAttempt: boolean): Promise<void> {
    await this.update(`lease_until = clock_timestamp() + $3 * interval '1 millisecond', attempts = attempts - $4`, [
      afterMs,
      countsAsAttempt ? 0 : 1,
    ]);
  }

  async succeed(): Promise<void> {
    await this.end(`status = 'succeeded', total = processed`);
  }

  async fail(error: CrmError): Promise<void> {
    const { code, parameters } = error;
    await this.end(`status = 'failed', error = $3`, [JSON.stringify({ code, parameters })]);
  }

  /** Takes the job's row for the transaction. @throws LeaseLost */
  async hold(tx: Tx): Promise<void> {
    const held = await tx.query('SELECT FROM job WHERE id = $1 AND lease = $2 FOR NO KEY UPDATE', [
      this.job.id,
      this.job.lease,
    ]);
    if (held.length === 0) throw new LeaseLost();
  }

  /** Writes down what a chunk did. */
  async keep(tx: Tx, { position, processed, total, failures = [], results = [] }: Chunk): Promise<void> {
    const { id } = this.job;
    await copyRows(
      tx.manager,
      'job_result',
      ['job_id', 'line', 'record_id', 'details'],
      results.map(({ line, recordId, details }) => [id, line, recordId, JSON.stringify(details)]),
    );
    await together([
      failures.length > 0 &&
        tx.query(
          `INSERT INTO job_error (job_id, line, errors, cells)
             SELECT $1, f.line, f.errors, coalesce(f.cells, '{}') FROM jsonb_to_recordset($2) AS f (line int, errors jsonb, cells text[])`,
          [id, storable(failures)],
        ),
      tx.query(
        `UPDATE job SET position = $2, processed = processed + $3, failed = failed + $4, total = coalesce($5, total),
                attempts = CASE WHEN position = $2 AND $3 = 0 THEN attempts ELSE 0 END, lease_until = clock_timestamp() + ${LEASE} WHERE id = $1`,
        [id, JSON.stringify(position), processed, failures.length, total ?? null],
      ),
    ]);
  }

  private async end(set: string, values: unknown[] = []): Promise<void> {
    const ended = await this.update(`${set}, lease_until = NULL, finished_at = clock_timestamp()`, values);
    // Else another copy works on it by now, and needs it.
    if (ended.length > 0) await dropInput(this.dataSource, this.job.id);
  }

  private update(set: string, values: unknown[], where = 'id = $1'): Promise<unknown[]> {
    return runSql(this.dataSource.manager, `UPDATE job SET ${set} WHERE ${where} AND lease = $2 RETURNING 1`, [
      this.job.id,
      this.job.lease,
      ...values,
    ]);
  }
}

/** PostgreSQL stores neither NUL nor half a surrogate pair; a row that holds one was refused for it, and is shown with a sign for it. */
const storable = (failures: unknown): string =>
  JSON.stringify(failures, (_key, value: unknown) =>
    typeof value === 'string' && UNSTORABLE.test(value) ? Buffer.from(value).toString().replaceAll('\0', '␀') : value,
  );
const UNSTORABLE = /[\0\ud800-\udfff]/;

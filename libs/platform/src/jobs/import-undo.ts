import type { Tx } from '../db/tx.js';
import type { RowResult, RunningJob } from './job-kind.js';

const CHUNK = 500;

/** What an import made of a line of its file. */
export interface Made {
  readonly line: number;
  readonly recordId: string;
}
export type UndoJob = RunningJob<unknown, { readonly line: number }> & { readonly undoes: string };

/** Takes back what an import made, some hundreds at a time. */
export async function undoInChunks(
  job: UndoJob,
  takeBack: (tx: Tx, made: readonly Made[]) => Promise<RowResult[]>,
): Promise<void> {
  for (let line = job.position?.line ?? 0; ;) {
    const { processed, position } = await job.chunk(async (tx) => {
      const made = await tx.query<Made>(
        `SELECT line, record_id AS "recordId" FROM job_result
          WHERE job_id = $1 AND line > $2 AND record_id IS NOT NULL ORDER BY line LIMIT ${CHUNK}`,
        [job.undoes, line],
      );
      const results = made.length === 0 ? [] : await takeBack(tx, made);
      return { position: { line: made.at(-1)?.line ?? line }, processed: made.length, results };
    });
    if (processed === 0) return;
    line = position.line;
  }
}

/** One that was made and may have been touched since: `acts` is what happened besides the import, null when nothing did. */
export interface Touched {
  readonly id: string;
  readonly code: string;
  readonly acts: string | null;
}

/** What the undo says of each; `gone` of one that is not there any more. */
export const undone = (made: readonly Made[], touched: readonly Touched[], gone: string): RowResult[] => {
  const found = new Map(touched.map((each) => [each.id, each]));
  return made.map(({ line, recordId }) => {
    const { code = null, acts = gone } = found.get(recordId) ?? {};
    return { line, details: { code, outcome: acts === null ? 'taken_back' : 'kept', reason: acts } };
  });
};

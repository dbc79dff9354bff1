import type { Bilingual } from '#contracts';
import { StreamableFile } from '@nestjs/common';
import { stringify } from 'csv-stringify';
import { pipeline, Readable } from 'node:stream';
import type { DataSource } from 'typeorm';
import type { Language } from '../context/request-context.js';
import { runSql } from '../db/sql.js';
import { CSV_STYLE } from '../http/table-file.js';
import type { JobColumn, RowError } from './job-kind.js';
import type { JobRow } from './job-row.js';

const PAGE = 1000;
const LINE: Bilingual = { en: 'line', zh: '行号' };
const FIELD: Bilingual = { en: 'field', zh: '字段' };
const REASON: Bilingual = { en: 'reason', zh: '原因' };
/** The headers that the list of errors puts before those of the file; an import passes over them, so that the mended list can be sent. */
export const ERROR_COLUMNS: readonly Bilingual[] = [LINE, FIELD, REASON];

/** What a job refused: line, fields, reasons, and the row as it came. */
export function jobErrors(dataSource: DataSource, job: JobRow, language: Language): StreamableFile {
  const head = [...ERROR_COLUMNS.map((label) => label[language]), ...job.columns];
  const rows = pages<{ line: number; errors: RowError[]; cells: string[] }>(
    dataSource,
    job.id,
    'job_error',
    'errors, cells',
  );
  return csvFile(`${job.kind}-errors`, head, rows, ({ line, errors, cells }) => [
    line,
    errors.map(({ field }) => field).join('; '),
    errors.map(({ message }) => message[language]).join('; '),
    ...cells,
  ]);
}

export function jobResult(
  dataSource: DataSource,
  job: JobRow,
  columns: readonly JobColumn[],
  language: Language,
): StreamableFile {
  const head = [LINE[language], ...columns.map(({ label }) => label[language])];
  const rows = pages<{ line: number; details: Record<string, unknown> }>(dataSource, job.id, 'job_result', 'details');
  return csvFile(`${job.kind}-result`, head, rows, ({ line, details }) => [
    line,
    ...columns.map(({ field, values }) => {
      const value = details[field];
      if (typeof value !== 'string' || !values) return value;
      const codes = value.split(', ').map((code) => values[code]?.[language] ?? code);
      return codes.join(language === 'zh' ? '、' : ', ');
    }),
  ]);
}

function csvFile<R>(
  name: string,
  head: string[],
  rows: AsyncIterable<R>,
  cells: (row: R) => unknown[],
): StreamableFile {
  async function* lines() {
    yield head;
    for await (const row of rows) yield cells(row);
  }
  const stringifier = stringify(CSV_STYLE);
  // A failure destroys the answer, so that the client sees a broken download, never a short file.
  return new StreamableFile(
    pipeline(Readable.from(lines()), stringifier, () => {}),
    {
      type: 'text/csv; charset=utf-8',
      disposition: `attachment; filename="${name}.csv"`,
    },
  );
}

async function* pages<R extends { line: number }>(
  dataSource: DataSource,
  jobId: string,
  table: 'job_error' | 'job_result',
  columns: string,
): AsyncGenerator<R> {
  for (let after = -1; ;) {
    const rows = await runSql<R>(
      dataSource.manager,
      `SELECT line, ${columns} FROM ${table} WHERE job_id = $1 AND line > $2 ORDER BY line LIMIT ${PAGE}`,
      [jobId, after],
    );
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.line;
  }
}

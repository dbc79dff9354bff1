import { setImmediate as turn } from 'node:timers/promises';
import { CrmError, type ImportColumn } from '#contracts';
import type { RowError, RowFailure } from '../jobs/job-kind.js';
import { placeColumns, type ColumnPlaces } from './columns.js';
import { csvFormat, csvRows } from './csv-table.js';
import type { ByteSource, TableFormat, TableRow } from './table.js';
import type { TextSurvey } from './text-survey.js';
import { xlsxRows } from './xlsx-table.js';

/** A file whose header is that of an import. */
export interface ImportFile {
  readonly format: TableFormat;
  readonly header: readonly string[];
  /** About how many rows it has, where that is known before they are read. */
  readonly total?: number;
}

/** A row by the names of its columns. Only what is given is there: a blank cell is not. */
export interface ImportRow {
  readonly line: number;
  readonly values: Readonly<Record<string, string>>;
}

/** Rows that belong together in one transaction, each good or bad. */
export interface ImportBatch<T> {
  readonly good: readonly { readonly line: number; readonly cells: readonly string[]; readonly data: T }[];
  readonly failures: readonly RowFailure[];
  readonly processed: number;
  /** The line of the last. */
  readonly line: number;
}

/** What a row is, or everything that is wrong with it. */
export type Checked<T> = { readonly data: T } | { readonly errors: readonly RowError[] };

/**
 * Looks at a file that was just uploaded.
 * @throws CrmError unreadable-file; validation-failed with the columns that are unknown, repeated or missing
 */
export async function openImport(
  source: ByteSource,
  upload: { readonly type: string; readonly charset?: string | undefined },
  survey: TextSurvey,
  columns: readonly ImportColumn[],
): Promise<ImportFile> {
  const isCsv = upload.type === 'text/csv';
  const format: TableFormat = isCsv ? await csvFormat(source, survey, upload.charset) : { type: 'xlsx' };
  for await (const { cells, malformed } of filledRows(source, format)) {
    if (malformed) throw new CrmError('unreadable-file', { reason: `${malformed.en} · ${malformed.zh}` });
    placeColumns(cells, columns);
    return { format, header: cells, ...(isCsv ? { total: Math.max(0, survey.lines - 1) } : {}) };
  }
  throw new CrmError('unreadable-file', { reason: 'it is empty · 文件为空' });
}

interface Reading<T> {
  readonly source: ByteSource;
  readonly format: TableFormat;
  readonly columns: readonly ImportColumn[];
  /** Rows up to this line were dealt with before. */
  readonly after: number;
  readonly size: number;
  /** Gets what the rows of a batch are checked by (dictionary, people …). */
  readonly prepare: (rows: readonly ImportRow[]) => Promise<(row: ImportRow) => Checked<T>>;
}

/** The rows of an import, checked. While one batch is written, the next one is read. */
export async function* importBatches<T>(reading: Reading<T>): AsyncGenerator<ImportBatch<T>> {
  const batches = checkedBatches(reading);
  let next = batches.next();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = batches.next();
      // Heard of when its turn comes.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await batches.return(undefined).catch(() => undefined);
  }
}

/** How many rows are read or checked before others have a turn. */
const TURN = 100;

async function* checkedBatches<T>({ source, format, columns, after, size, prepare }: Reading<T>) {
  const rows = filledRows(source, format);
  const header = await rows.next();
  if (header.done) throw new CrmError('unreadable-file', { reason: 'it is gone · 文件已不存在' });
  const places = placeColumns(header.value.cells, columns);
  let batch: TableRow[] = [];
  for await (const row of rows) {
    if (row.line <= after) continue;
    batch.push(row);
    if (batch.length % TURN === 0) await turn();
    if (batch.length < size) continue;
    yield await checked(batch, places, prepare);
    batch = [];
  }
  if (batch.length > 0) yield await checked(batch, places, prepare);
}

async function checked<T>(
  rows: readonly TableRow[],
  places: ColumnPlaces,
  prepare: Reading<T>['prepare'],
): Promise<ImportBatch<T>> {
  const read = rows.map((row) => ({ row, values: valuesOf(row, places) }));
  const check = await prepare(read.map(({ row, values }) => ({ line: row.line, values })));
  const good: ImportBatch<T>['good'][number][] = [];
  const failures: RowFailure[] = [];
  for (const [index, { row, values }] of read.entries()) {
    if (index % TURN === TURN - 1) await turn();
    const { line, cells } = row;
    const spoilt = errorsOf(row, places);
    const result = spoilt.length > 0 ? { errors: spoilt } : check({ line, values });
    const missing = spoilt.length > 0 ? [] : places.required.filter((field) => values[field] === undefined);
    const others = 'data' in result ? [] : result.errors.filter(({ field }) => !missing.includes(field));
    const errors = [...missing.map((field) => ({ field, code: 'required', message: REQUIRED })), ...others];
    if (errors.length === 0 && 'data' in result) good.push({ line, cells, data: result.data });
    else failures.push({ line, cells, errors });
  }
  return { good, failures, processed: rows.length, line: rows.at(-1)!.line };
}

/** Rows in which something stands; spreadsheets leave others behind. */
async function* filledRows(source: ByteSource, format: TableFormat): AsyncGenerator<TableRow, undefined> {
  const rows = format.type === 'csv' ? csvRows(source, format) : xlsxRows(source);
  for await (const row of rows) if (row.cells.some((cell) => !isBlank(cell))) yield row;
  return undefined;
}

const isBlank = (cell: string): boolean => cell === '' || cell.trim() === '';
/** An export puts an apostrophe before what a spreadsheet would run; it is no part of the value. */
const DISARMED = /^'(?=[=+\-@\t\r＝＋－＠])/;

function valuesOf({ cells }: TableRow, { at }: ColumnPlaces): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name in at) {
    const cell = cells[at[name]!];
    if (cell === undefined || isBlank(cell)) continue;
    values[name] = cell.charCodeAt(0) === 39 ? cell.replace(DISARMED, '') : cell;
  }
  return values;
}

/** What is wrong with a row before anybody asks what it says. */
function errorsOf({ cells, malformed }: TableRow, { at, unnamed, width }: ColumnPlaces): RowError[] {
  if (malformed) return [{ field: '', code: 'malformed_row', message: malformed }];
  if (cells.slice(width).some((cell) => !isBlank(cell)))
    return [{ field: '', code: 'too_many_cells', message: TOO_MANY_CELLS }];
  const errors: RowError[] = [];
  if (unnamed.some((place) => !isBlank(cells[place] ?? '')))
    errors.push({ field: '', code: 'cell_without_column', message: NO_COLUMN });
  for (const [field, place] of Object.entries(at))
    if (/[\ufffd\0]/.test(cells[place] ?? '')) errors.push({ field, code: 'unreadable_text', message: UNREADABLE });
  return errors;
}

const REQUIRED = { en: 'must be given', zh: '必填' };
const TOO_MANY_CELLS = { en: 'the row has more cells than the header', zh: '单元格数多于表头' };
const NO_COLUMN = { en: 'a cell stands below no header', zh: '有单元格没有对应的表头' };
const UNREADABLE = { en: 'characters that cannot be read', zh: '含有无法识别的字符' };

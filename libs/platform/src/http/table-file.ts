import type { Bilingual, FileFormat } from '#contracts';
import type { Language } from '../context/request-context.js';
import { StreamableFile } from '@nestjs/common';
import { stringify } from 'csv-stringify';
import { once } from 'node:events';
import { PassThrough, pipeline, Readable } from 'node:stream';

export interface TableColumn<Row> {
  readonly field: Extract<keyof Row, string>;
  readonly label: Bilingual;
  /** In characters, for XLSX. */
  readonly width: number;
  /** A decimal string: exact in CSV, a number in XLSX where a number holds it exactly. */
  readonly money?: boolean;
  /** How XLSX shows a number. */
  readonly format?: string;
}

const TYPES = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};
/** XLSX allows 1,048,576 rows a sheet. */
const ROWS_PER_SHEET = 1_000_000;

/** All rows as a download, made while it is sent. */
export function tableFile<Row extends object>(
  format: FileFormat,
  name: string,
  columns: readonly TableColumn<Row>[],
  rows: AsyncIterable<Row>,
  language: Language,
): StreamableFile {
  const stream = format === 'csv' ? csv(columns, rows, language) : xlsx(columns, rows, language);
  return new StreamableFile(stream, { type: TYPES[format], disposition: `attachment; filename="${name}.${format}"` });
}

/** With a byte order mark, without which Excel takes Chinese for something else; a cell that Excel would run gets an apostrophe. */
export const CSV_STYLE = {
  bom: true,
  escape_formulas: true,
  record_delimiter: 'windows',
  // Else a line feed alone stands unquoted, and most readers take it for the end of the row.
  quote_record_delimiter: true,
} as const;

function csv<Row>(columns: readonly TableColumn<Row>[], rows: AsyncIterable<Row>, language: Language): Readable {
  const stringifier = stringify({
    ...CSV_STYLE,
    header: true,
    columns: columns.map(({ field, label }) => ({ key: field, header: label[language] })),
  });
  // A failure destroys the answer, so that the client sees a broken download, never a short file.
  return pipeline(Readable.from(rows), stringifier, () => {});
}

/** Texts become text cells, which no spreadsheet runs. */
function xlsx<Row>(columns: readonly TableColumn<Row>[], rows: AsyncIterable<Row>, language: Language): Readable {
  const output = new PassThrough();
  writeWorkbook(output, columns, rows, language).catch((error: Error) => output.destroy(error));
  return output;
}

async function writeWorkbook<Row>(
  output: PassThrough,
  columns: readonly TableColumn<Row>[],
  rows: AsyncIterable<Row>,
  language: Language,
): Promise<void> {
  // Loaded when first needed: it takes many megabytes.
  const { default: excel } = await import('exceljs');
  const book = new excel.stream.xlsx.WorkbookWriter({ stream: output, useStyles: true });
  const addSheet = () => {
    const sheet = book.addWorksheet(undefined, { views: [{ state: 'frozen', ySplit: 1 }] });
    sheet.columns = columns.map(({ field, label, width, format }) => ({
      key: field,
      header: label[language],
      width,
      style: format ? { numFmt: format } : {},
    }));
    return sheet;
  };
  let sheet = addSheet();
  let count = 0;
  for await (const row of rows) {
    if (output.destroyed) return;
    if (count > 0 && count % ROWS_PER_SHEET === 0) {
      sheet.commit();
      sheet = addSheet();
    }
    count += 1;
    sheet.addRow(columns.map((column) => cell(column, row[column.field]))).commit();
    if (output.writableNeedDrain) await drained(output);
  }
  await book.commit();
}

/** Or closed. */
async function drained(output: PassThrough): Promise<void> {
  const either = new AbortController();
  const { signal } = either;
  try {
    await Promise.race([once(output, 'drain', { signal }), once(output, 'close', { signal })]);
  } finally {
    // The other one listens no longer: a slow client makes thousands of such waits.
    either.abort();
  }
}

/** Characters that XML does not know would make the whole file unreadable. */
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu;

function cell<Row>({ money }: TableColumn<Row>, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (money && value.replace('.', '').length <= 15) return Number(value);
  return value.replace(NOT_IN_XML, '\ufffd');
}

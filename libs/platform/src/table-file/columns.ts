import { CrmError, type FieldError, type ImportColumn } from '#contracts';
import { ERROR_COLUMNS } from '../jobs/job-files.js';
import { fold } from '../text/fold.js';

/** Where each column of the import stands in the file's rows. */
export interface ColumnPlaces {
  /** By the column's name; a column that the file does not have is not among them. */
  readonly at: Readonly<Record<string, number>>;
  /** The places that no column was found for, because their header is empty. */
  readonly unnamed: readonly number[];
  /** Of the header. */
  readonly width: number;
  /** The columns in which each row has to have something. */
  readonly required: readonly string[];
}

const plain = (header: string): string => fold(header).replaceAll('_', '');

/**
 * Finds the columns by their headers: the name or a label, whatever its case and blanks.
 * @throws CrmError validation-failed that names every unknown, repeated and missing column
 */
export function placeColumns(header: readonly string[], columns: readonly ImportColumn[]): ColumnPlaces {
  const byHeader = new Map<string, string>();
  for (const { name, label } of columns) for (const each of [name, label.en, label.zh]) byHeader.set(plain(each), name);
  // The list of a job's errors can be mended and sent as it is: what it has besides stands in front, once for each time that it was.
  let besides = 0;
  while (isErrorList(header.slice(besides))) besides += ERROR_COLUMNS.length;
  const at: Record<string, number> = {};
  const unnamed: number[] = [];
  const errors: FieldError[] = [];
  for (const [place, title] of header.entries()) {
    if (place < besides) continue;
    const key = plain(title);
    const name = byHeader.get(key);
    if (key === '') unnamed.push(place);
    else if (name === undefined)
      errors.push(unknown(title, errors.some(({ code }) => code === UNKNOWN) ? [] : columns));
    else if (Object.hasOwn(at, name)) errors.push(repeated(title));
    else at[name] = place;
  }
  for (const { name, label, required } of columns)
    if (required && !Object.hasOwn(at, name))
      errors.push({ path: name, code: 'missing_column', message: `the column is missing · 缺少列“${label.zh}”` });
  if (errors.length > 0) throw new CrmError('validation-failed', {}, errors.slice(0, 50));
  const needed = columns.filter(({ required }) => required).map(({ name }) => name);
  return { at, unnamed, width: header.length, required: needed };
}

const isErrorList = (header: readonly string[]): boolean =>
  (['en', 'zh'] as const).some((language) =>
    ERROR_COLUMNS.every((label, place) => plain(label[language]) === plain(header[place] ?? '')),
  );

const UNKNOWN = 'unknown_column';
/** `columns`: those that there are, where it is to say so. */
const unknown = (title: string, columns: readonly ImportColumn[]): FieldError => {
  const names = columns.map(({ name }) => name).join(', ');
  return {
    path: title.slice(0, 100),
    code: UNKNOWN,
    message: names ? `unknown column; there are ${names} · 未知列;可用列:${names}` : 'unknown column · 未知列',
  };
};
const repeated = (title: string): FieldError => ({
  path: title.slice(0, 100),
  code: 'repeated_column',
  message: 'the column is there twice · 列重复',
});

import { CrmError } from '#contracts';
import { CsvParser } from './csv-parser.js';
import type { ByteSource, TableFormat, TableRow } from './table.js';
import type { TextSurvey } from './text-survey.js';

type CsvFormat = Extract<TableFormat, { type: 'csv' }>;

/** Names that requests use for what comes from Chinese spreadsheets; the newest of them reads all of them. */
const CHINESE = /^(gbk|gb2312|gb18030|x-gbk|cp936|ms936|chinese)$/i;
const DELIMITERS = [',', ';', '\t'] as const;

/**
 * How a CSV is to be read. The request may name the character set; else a byte order mark does, or what the first bytes beyond ASCII
 * can be: UTF-8, or GB18030 where they are not.
 * @throws CrmError malformed-request for a character set that nobody knows
 */
export async function csvFormat(source: ByteSource, survey: TextSurvey, charset?: string): Promise<CsvFormat> {
  const head = await firstBytes(source);
  const encoding = charset ? known(charset) : (byMark(head) ?? byContent(survey.sample));
  const text = new TextDecoder(encoding).decode(head, { stream: true });
  return { type: 'csv', encoding, delimiter: delimiterOf(text) };
}

/** The rows of a CSV; where bytes are no text in its encoding, cells hold U+FFFD. */
export async function* csvRows(source: ByteSource, { encoding, delimiter }: CsvFormat): AsyncGenerator<TableRow> {
  const decoder = new TextDecoder(encoding);
  const parser = new CsvParser(delimiter);
  for await (const piece of source.read()) yield* parser.push(decoder.decode(piece, { stream: true }));
  yield* parser.push(decoder.decode(), true);
}

async function firstBytes(source: ByteSource): Promise<Buffer> {
  for await (const piece of source.read()) return piece;
  return Buffer.alloc(0);
}

function known(charset: string): string {
  try {
    return CHINESE.test(charset) ? 'gb18030' : new TextDecoder(charset).encoding;
  } catch {
    throw new CrmError('malformed-request', { reason: `unknown character set "${charset}" · 未知字符集“${charset}”` });
  }
}

function byMark(head: Buffer): string | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return undefined;
}

const decodes = (bytes: Buffer, encoding: string): boolean => {
  try {
    // The last character may be cut off.
    new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
};
const byContent = (sample: Buffer): string =>
  !decodes(sample, 'utf-8') && decodes(sample, 'gb18030') ? 'gb18030' : 'utf-8';

/** The one that parts the header into the most cells. */
function delimiterOf(text: string): string {
  const line = /^(?:"(?:[^"]|"")*"|[^\r\n"])*/.exec(text.slice(0, 100_000))![0].replaceAll(/"(?:[^"]|"")*"/g, '');
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

import type { Bilingual } from '#contracts';
import type { TableRow } from './table.js';

const QUOTE = 34;
const LF = 10;
const CR = 13;
/** Characters that one record may have; a quote that nobody closed would swallow the rest of the file otherwise. */
const LONGEST = 1024 * 1024;
/** As much of a malformed line as helps to find it. */
const SHOWN = 10_000;

const NO_END: Bilingual = { en: 'a quote is not closed, or the row is far too long', zh: '引号未闭合,或该行过长' };
const BEHIND_QUOTE: Bilingual = { en: 'there is text behind a closing quote', zh: '结束引号后有多余文本' };

interface Record {
  readonly cells: string[];
  /** Where the next one begins. */
  readonly end: number;
  readonly quoted: boolean;
  readonly malformed?: Bilingual;
}

/**
 * RFC 4180, piece by piece. It knows the line on which each record begins, and goes on behind a record that is malformed, which is why
 * it is our own. A quote inside a cell that does not begin with one is a character like any other.
 */
export class CsvParser {
  private text = '';
  private line = 1;
  private readonly delimiter: number;

  constructor(delimiter: string) {
    this.delimiter = delimiter.charCodeAt(0);
  }

  /** The records that are complete with this piece; `last` when no more will come. Blank lines are passed over. */
  *push(piece: string, last = false): Generator<TableRow> {
    this.text += piece;
    let at = 0;
    while (at < this.text.length) {
      const record = this.record(at, last);
      if (!record) break;
      const { cells, end, quoted, malformed } = record;
      const { line } = this;
      // Only quotes hold a break within a record.
      this.line += quoted ? breaksIn(this.text.slice(at, end)) : 1;
      at = end;
      if (malformed) yield { line, cells, malformed };
      else if (cells.length > 1 || cells[0] !== '') yield { line, cells };
    }
    this.text = this.text.slice(at);
  }

  /** Undefined when its end has not come yet. */
  private record(begin: number, last: boolean): Record | undefined {
    const { text, delimiter } = this;
    const cells: string[] = [];
    let quoted = false;
    for (let at = begin; ; at++) {
      let end: number;
      if (text.charCodeAt(at) === QUOTE) {
        quoted = true;
        const cell = this.quoted(at + 1, last);
        if (!cell) return last || text.length - begin > LONGEST ? this.lineAlone(begin, NO_END, last) : undefined;
        cells.push(cell.value);
        end = cell.end;
        if (end < text.length && !this.ends(end)) return this.lineAlone(begin, BEHIND_QUOTE, last);
      } else {
        end = at;
        for (let code = 0; end < text.length; end++) {
          code = text.charCodeAt(end);
          if (code === delimiter || code === LF || code === CR) break;
        }
        cells.push(text.slice(at, end));
      }
      if (end >= text.length) {
        if (last) return { cells, end, quoted };
        return text.length - begin > LONGEST ? this.lineAlone(begin, NO_END, last) : undefined;
      }
      if (text.charCodeAt(end) !== delimiter) return this.behindBreak(cells, end, quoted, last);
      at = end;
    }
  }

  /** `from` is behind the opening quote; the end is behind the closing one. */
  private quoted(from: number, last: boolean): { value: string; end: number } | undefined {
    const { text } = this;
    let value = '';
    for (let at = from; ;) {
      const quote = text.indexOf('"', at);
      // One at the very end may be the first of two.
      if (quote === -1 || (quote === text.length - 1 && !last)) return undefined;
      if (text.charCodeAt(quote + 1) !== QUOTE)
        return { value: value === '' ? text.slice(at, quote) : value + text.slice(at, quote), end: quote + 1 };
      value += text.slice(at, quote + 1);
      at = quote + 2;
    }
  }

  private ends(at: number): boolean {
    const code = this.text.charCodeAt(at);
    return code === this.delimiter || code === LF || code === CR;
  }

  private behindBreak(cells: string[], at: number, quoted: boolean, last: boolean): Record | undefined {
    const { text } = this;
    if (text.charCodeAt(at) === LF) return { cells, end: at + 1, quoted };
    // CR LF is one break.
    if (at + 1 === text.length && !last) return undefined;
    return { cells, end: text.charCodeAt(at + 1) === LF ? at + 2 : at + 1, quoted };
  }

  /** The line alone: what a quote seemed to hold together begins anew behind it. */
  private lineAlone(begin: number, malformed: Bilingual, last: boolean): Record | undefined {
    const { text } = this;
    const found = text.slice(begin).search(/[\r\n]/);
    if (found === -1 && !last && text.length - begin <= LONGEST) return undefined;
    const end = found === -1 ? text.length : begin + found;
    const line = this.behindBreak([text.slice(begin, Math.min(end, begin + SHOWN))], end, false, last);
    return line && { ...line, end: Math.min(line.end, text.length), malformed };
  }
}

const breaksIn = (record: string): number => Math.max(1, record.split('\n').length - 1);

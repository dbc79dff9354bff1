import type { Bilingual } from '#contracts';
import type { ByteSource, TableRow } from './table.js';
import { columnOf, dateText, numberText, unescaped } from './xlsx-cell.js';
import { openWorkbook, type Workbook } from './xlsx-workbook.js';
import { readXml } from './xml.js';
import { unreadable, Zip } from './zip.js';

const MOST_COLUMNS = 500;
/** What a sheet can have. */
const MOST_ROWS = 1_048_576;
const FORMULA_ERROR: Bilingual = { en: 'a formula gives an error', zh: '公式结果为错误值' };
const TOO_WIDE = 'it has more than 500 columns · 超过 500 列';

interface Cell {
  readonly column: number;
  readonly type: string;
  readonly isDate: boolean;
}

/** Puts rows together from the tags of a sheet. */
class SheetRows {
  rows: TableRow[] = [];
  private line = 0;
  private cells: string[] = [];
  private malformed?: Bilingual;
  private cell?: Cell;
  private value = '';
  private inValue = false;
  private spoken = 0;

  constructor(private readonly book: Workbook) {}

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === 'row') {
      // Numbers only grow, whatever a file says: they name the rows.
      this.line = Math.max(this.line + 1, Math.floor(Number(attributes.r)) || 0);
      if (this.line > MOST_ROWS) throw unreadable('it has too many rows · 行数过多');
      this.cells = [];
      this.malformed = undefined;
    } else if (name === 'c') {
      const named = columnOf(attributes.r ?? '');
      const column = named >= 0 ? named : this.cells.length;
      if (column >= MOST_COLUMNS) throw unreadable(TOO_WIDE);
      const isDate = this.book.dateStyles[Number(attributes.s)] ?? false;
      this.cell = { column, type: attributes.t ?? 'n', isDate };
      this.value = '';
    } else if (name === 'rPh') this.spoken++;
    this.inValue = (name === 'v' || name === 't') && this.spoken === 0;
  }

  text(piece: string): void {
    if (this.inValue) this.value += piece;
  }

  close(name: string): void {
    this.inValue = false;
    if (name === 'rPh') this.spoken--;
    else if (name === 'c' && this.cell) {
      const { column } = this.cell;
      while (this.cells.length < column) this.cells.push('');
      this.cells[column] = this.textOf(this.cell);
      this.cell = undefined;
    } else if (name === 'row') {
      const { line, cells, malformed } = this;
      this.rows.push(malformed ? { line, cells, malformed } : { line, cells });
    }
  }

  private textOf({ type, isDate }: Cell): string {
    const { value } = this;
    switch (type) {
      case 's':
        return value === '' ? '' : (this.book.strings[Number(value)] ?? '');
      case 'b':
        return value === '1' ? 'true' : 'false';
      case 'e':
        this.malformed = FORMULA_ERROR;
        return value;
      case 'n':
        if (value === '') return '';
        return isDate ? dateText(Number(value), this.book.from1904) : numberText(value);
      default:
        return unescaped(value);
    }
  }
}

/** The rows of the first sheet that is shown, all cells as text. @throws CrmError unreadable-file */
export async function* xlsxRows(source: ByteSource): AsyncGenerator<TableRow> {
  const book = await openWorkbook(await Zip.open(source));
  const sheet = new SheetRows(book);
  for await (const _piece of readXml(book.zip.read(book.sheet), sheet)) {
    yield* sheet.rows;
    sheet.rows = [];
  }
}

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CsvParser } from './csv-parser.js';

function parse(text: string, delimiter = ',', pieces = [text.length]) {
  const parser = new CsvParser(delimiter);
  const rows = [];
  let at = 0;
  for (const length of pieces) {
    rows.push(...parser.push(text.slice(at, at + length)));
    at += length;
  }
  rows.push(...parser.push(text.slice(at)), ...parser.push('', true));
  return rows;
}
const cellsOf = (text: string, delimiter?: string) => parse(text, delimiter).map(({ cells }) => cells);

describe('CUS-8: a CSV', () => {
  it.each([
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\r\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\r1,2\r',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    ['"a","b ""c"" d",""\n', [['a', 'b "c" d', '']]],
    [
      '"x\r\ny",1\n2,"3"',
      [
        ['x\r\ny', '1'],
        ['2', '3'],
      ],
    ],
    ['5" pipe,a"b\n', [['5" pipe', 'a"b']]],
    [
      'a,\n,b\n',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
    ['\n\na\n\n\nb\n', [['a'], ['b']]],
    ['', []],
    ['"', [['"']]],
  ])('%j', (text, cells) => {
    expect(cellsOf(text)).toEqual(cells);
  });

  it('may be parted by semicolons or tabs', () => {
    expect(cellsOf('a;b,c\n', ';')).toEqual([['a', 'b,c']]);
    expect(cellsOf('a\t"b\tc"\n', '\t')).toEqual([['a', 'b\tc']]);
  });

  it('that is malformed is so however it is cut into pieces', () => {
    const text = 'a,b\n"C"x,2\r\n"D,3\n"E"';
    const whole = parse(text);
    expect(whole.map(({ malformed }) => malformed !== undefined)).toEqual([false, true, true, false]);
    for (let length = 1; length < text.length; length++)
      expect(parse(text, ',', Array<number>(text.length).fill(length))).toEqual(whole);
  });

  it('names the line on which each row begins, and goes on behind one that is malformed', () => {
    const rows = parse('name,phone\n"A\nB",1\n\n"C"x,2\nD,3\n"E,4\nF,5\n');
    expect(rows.map(({ line, cells, malformed }) => [line, cells, malformed?.en])).toEqual([
      [1, ['name', 'phone'], undefined],
      [2, ['A\nB', '1'], undefined],
      [5, ['"C"x,2'], 'there is text behind a closing quote'],
      [6, ['D', '3'], undefined],
      [7, ['"E,4'], 'a quote is not closed, or the row is far too long'],
      [8, ['F', '5'], undefined],
    ]);
  });

  it('with a quote that is never closed takes no more memory than one row may', () => {
    const parser = new CsvParser(',');
    const rows = [...parser.push('a\n"b\n')];
    for (let piece = 0; piece < 40; piece++) rows.push(...parser.push(`${'x'.repeat(99_999)}\n`));
    rows.push(...parser.push('end', true));
    expect(rows).toHaveLength(43);
    expect(rows[1]).toMatchObject({ line: 2, cells: ['"b'], malformed: {} });
    expect(rows.at(-1)).toEqual({ line: 43, cells: ['end'] });
  });

  it('is read the same, however it is cut into pieces', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '上', '"', ',', ';', '\n', '\r\n', ' ', '😀'), maxLength: 6 });
    const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n'), fc.array(fc.nat(9), { maxLength: 60 }), (rows, end, pieces) => {
        const text = rows.map((cells) => cells.map(quoted).join(',') + end).join('');
        const parsed = parse(text, ',', pieces);
        expect(parsed.map(({ cells }) => cells)).toEqual(rows);
        let line = 1;
        for (const [index, row] of parsed.entries()) {
          expect(row.line).toBe(line);
          line += rows[index]!.join('').split('\n').length;
        }
      }),
      { numRuns: 300 },
    );
  });
});

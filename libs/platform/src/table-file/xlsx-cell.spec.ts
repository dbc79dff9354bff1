import { describe, expect, it } from '@jest/globals';
import { columnOf, dateText, isDateFormat, numberText, unescaped } from './xlsx-cell.js';

describe('CUS-8: cells of XLSX', () => {
  it.each([
    [46_023, '2026-01-01'],
    [46_023.25, '2026-01-01T06:00:00'],
    [59, '1900-02-28'],
    [61, '1900-03-01'],
    [1, '1900-01-01'],
    [0.5, '0.5'],
    [1e9, '1000000000'],
  ])('the day %s is %s', (serial, text) => {
    expect(dateText(serial, false)).toBe(text);
  });

  it('days of old Macs begin in 1904', () => {
    expect(dateText(44_561, true)).toBe('2026-01-01');
  });

  it.each([
    ['13800138000', '13800138000'],
    ['1.3800138E10', '13800138000'],
    ['0.30000000000000004', '0.3'],
    ['-12.50', '-12.50'],
    ['NaN', 'NaN'],
  ])('the number %s is %s', (raw, text) => {
    expect(numberText(raw)).toBe(text);
  });

  it('knows formats of days and times', () => {
    const dates: [number, string?][] = [
      [14],
      [57],
      [164, 'yyyy"年"m"月"d"日"'],
      [165, '[$-804]h:mm;@'],
      [166, '[h]:mm'],
    ];
    for (const [id, code] of dates) expect(isDateFormat(id, code)).toBe(true);
    const others: [number, string?][] = [
      [0],
      [49],
      [164, '0.00"days"'],
      [165, '[Red]#,##0'],
      [166, 'General'],
      [167, '@'],
    ];
    for (const [id, code] of others) expect(isDateFormat(id, code)).toBe(false);
  });

  it('knows columns and what XML cannot hold', () => {
    expect(['A1', 'Z9', 'AA10', 'XFD1', '5'].map(columnOf)).toEqual([0, 25, 26, 16_383, -1]);
    expect(unescaped('a_x000D_b_x005F_')).toBe('a\rb_');
  });
});

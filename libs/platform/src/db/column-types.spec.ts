import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { columnTypes, viewTypes } from './column-types.js';

const { TIMESTAMPTZ, DATE } = pg.types.builtins;
const asText = viewTypes.getTypeParser(TIMESTAMPTZ) as (value: string) => string;
const asDate = columnTypes.getTypeParser(TIMESTAMPTZ) as (value: string) => Date;

describe('An instant', () => {
  it('is the same as a text and as a Date, whatever PostgreSQL leaves out of its fraction', () => {
    const date = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(date, fc.integer({ min: 0, max: 999_999 }), (day, microseconds) => {
        const fraction = (microseconds / 1e6)
          .toFixed(6)
          .slice(1)
          .replace(/\.?0+$/, '');
        const value = `${day.toISOString().slice(0, 19).replace('T', ' ')}${fraction}+00`;
        expect(asText(value)).toBe(asDate(value).toISOString());
      }),
    );
  });

  it('of another time zone, or of a year that has not four digits, is read, too', () => {
    expect(asText('2026-01-02 08:00:00.5+08')).toBe('2026-01-02T00:00:00.500Z');
    expect(asText('12026-01-02 08:00:00+00')).toBe('+012026-01-02T08:00:00.000Z');
    expect(asText('0044-03-15 12:00:00+00 BC')).toBe('-000043-03-15T12:00:00.000Z');
  });

  it('is no day: that stays as it is', () => {
    expect(viewTypes.getTypeParser(DATE)('2026-01-02')).toBe('2026-01-02');
  });
});

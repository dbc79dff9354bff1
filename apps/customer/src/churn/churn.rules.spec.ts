import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isAtRisk, lastSaturday, periodStart } from './churn.rules.js';

describe('CHU-1: the calendar of the churn scan', () => {
  it.each([
    ['1998-05-06', 6, '1997-11-06'],
    ['2026-08-31', 6, '2026-02-28'],
    ['2024-08-31', 6, '2024-02-29'],
    ['2024-08-29', 6, '2024-02-29'],
    ['1900-08-31', 6, '1900-02-28'],
    ['2000-08-31', 6, '2000-02-29'],
    ['2026-03-31', 1, '2026-02-28'],
    ['2026-12-31', 6, '2026-06-30'],
    ['2026-01-01', 6, '2025-07-01'],
    ['2026-06-30', 12, '2025-06-30'],
    ['2024-02-29', 12, '2023-02-28'],
    ['0050-08-31', 6, '0050-02-28'],
    ['0001-03-01', 6, '0001-01-01'],
  ])('before %s, %i months begin on %s', (asOf, months, start) => {
    expect(periodStart(asOf, months)).toBe(start);
  });

  it.each([
    ['2026-02-28', '2026-08-31', false],
    ['2026-02-27', '2026-08-31', true],
    ['2026-02-28', '2026-08-28', false],
    ['2026-02-28', '2026-09-01', true],
    ['2025-08-31', '2026-02-28', false],
    ['2025-08-31', '2026-03-01', true],
    ['2026-05-01', '2026-05-01', false],
    ['2026-05-02', '2026-05-01', false],
  ])('who was last seen on %s is at risk on %s: %s; exactly six months are not yet more', (since, asOf, expected) => {
    expect(isAtRisk(since, asOf, 6)).toBe(expected);
  });

  it('goes back by months of the calendar, never to a later day of the month, and stays in order', () => {
    const date = fc
      .date({ min: new Date('0011-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((day) => day.toISOString().slice(0, 10));
    fc.assert(
      fc.property(date, date, fc.integer({ min: 1, max: 120 }), (one, other, months) => {
        const start = periodStart(one, months);
        const monthOf = (day: string) => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7));
        expect(monthOf(one) - monthOf(start)).toBe(months);
        expect(new Date(start).toISOString().slice(0, 10)).toBe(start);
        expect(start.slice(8) <= one.slice(8)).toBe(true);
        if (one <= other) expect(start <= periodStart(other, months)).toBe(true);
      }),
    );
  });
});

describe('CHU-1: Saturday 02:00 in the business time zone', () => {
  it.each([
    ['Asia/Shanghai', '2026-03-06T17:59:59Z', '2026-02-28'],
    ['Asia/Shanghai', '2026-03-06T18:00:00Z', '2026-03-07'],
    ['Asia/Shanghai', '2026-03-13T17:59:00Z', '2026-03-07'],
    ['America/New_York', '2026-03-07T06:59:59Z', '2026-02-28'],
    ['America/New_York', '2026-03-07T07:00:00Z', '2026-03-07'],
    // The clocks went forward on 8 March and go back on 1 November.
    ['America/New_York', '2026-03-14T05:59:59Z', '2026-03-07'],
    ['America/New_York', '2026-03-14T06:00:00Z', '2026-03-14'],
    ['America/New_York', '2026-10-31T05:59:59Z', '2026-10-24'],
    ['America/New_York', '2026-11-07T06:59:59Z', '2026-10-31'],
    ['America/New_York', '2026-11-07T07:00:00Z', '2026-11-07'],
    // That Saturday the clocks went from 02:00 to 03:00.
    ['Asia/Gaza', '2024-04-19T23:59:59Z', '2024-04-13'],
    ['Asia/Gaza', '2024-04-20T00:00:00Z', '2024-04-20'],
    // That Saturday they showed 01:30 twice.
    ['Asia/Gaza', '2023-10-27T23:30:00Z', '2023-10-21'],
    ['Asia/Gaza', '2023-10-28T00:00:00Z', '2023-10-28'],
    ['Pacific/Kiritimati', '2026-01-02T12:00:00Z', '2026-01-03'],
    ['UTC', '2026-01-01T00:00:00Z', '2025-12-27'],
  ])('in %s at %s the last one was that of %s', (zone, now, saturday) => {
    expect(lastSaturday(zone, new Date(now))).toBe(saturday);
  });

  it('comes once a week, whatever the clocks do', () => {
    for (const zone of ['Asia/Shanghai', 'America/New_York', 'Asia/Gaza', 'Africa/Cairo', 'America/Nuuk']) {
      const seen: string[] = [];
      for (let hour = 0; hour < 24 * 7 * 60; hour++) {
        const saturday = lastSaturday(zone, new Date(Date.UTC(2024, 0, 1, hour)));
        if (saturday !== seen.at(-1)) seen.push(saturday);
      }
      expect(seen).toHaveLength(61);
      expect(seen).toEqual(seen.toSorted());
      expect(seen.filter((day) => new Date(day).getUTCDay() !== 6)).toEqual([]);
    }
  });
});

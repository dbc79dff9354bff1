import { describe, expect, it } from '@jest/globals';
import { instantIn, localTime } from './business-time.js';

describe('ALL-7: the business time zone', () => {
  it.each([
    ['Asia/Shanghai', '2026-01-31T00:00:00', '2026-01-30T16:00:00.000Z'],
    ['Asia/Shanghai', '1988-06-15T12:30:15', '1988-06-15T03:30:15.000Z'],
    ['UTC', '2026-12-31T23:59:59', '2026-12-31T23:59:59.000Z'],
    ['America/New_York', '2026-07-01T00:00:00', '2026-07-01T04:00:00.000Z'],
    ['America/New_York', '2026-01-01T00:00:00', '2026-01-01T05:00:00.000Z'],
    // On the day that clocks go forward and on the one that they go back, on either side of it.
    ['Europe/Berlin', '2026-03-29T01:59:00', '2026-03-29T00:59:00.000Z'],
    ['Europe/Berlin', '2026-03-29T03:00:00', '2026-03-29T01:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T01:59:00', '2026-10-24T23:59:00.000Z'],
    ['Europe/Berlin', '2026-10-25T03:00:00', '2026-10-25T02:00:00.000Z'],
    ['Pacific/Auckland', '2026-09-27T01:30:00', '2026-09-26T13:30:00.000Z'],
    ['Pacific/Auckland', '2026-09-27T03:30:00', '2026-09-26T14:30:00.000Z'],
    ['Asia/Kathmandu', '2026-01-01T00:00:00', '2025-12-31T18:15:00.000Z'],
  ])('%s: clocks show %s at %s', (zone, shown, instant) => {
    expect(instantIn(zone, shown).toISOString()).toBe(instant);
    expect(localTime(zone, new Date(instant))).toBe(shown.slice(0, 16).replace('T', ' '));
  });

  it('a time that clocks pass over is the one an hour later', () => {
    expect(instantIn('Europe/Berlin', '2026-03-29T02:30:00').toISOString()).toBe('2026-03-29T01:30:00.000Z');
    expect(instantIn('America/New_York', '2026-03-08T02:30:00').toISOString()).toBe('2026-03-08T07:30:00.000Z');
  });
});

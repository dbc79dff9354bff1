import { describe, expect, it } from '@jest/globals';
import { comparableVersion } from './feed-version.js';

describe('FEED-2: versions of the sales system', () => {
  it('takes integers as they are', () => expect(comparableVersion(42)).toBe('42'));
  it('takes instants as milliseconds, whatever the offset', () => {
    expect(comparableVersion('2026-01-01T00:00:00Z')).toBe('1767225600000');
    expect(comparableVersion('2026-01-01T08:00:00+08:00')).toBe('1767225600000');
  });
  it('tells instants apart that lie within one millisecond', () => {
    expect(comparableVersion('2026-01-01T00:00:00.000123Z')).toBe('1767225600000.123');
    expect(comparableVersion('1969-12-31T23:59:59.5Z')).toBe('-500');
  });
});

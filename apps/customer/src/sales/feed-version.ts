import Big from 'big.js';

/**
 * A version on one number line, as a decimal string: integers as they are, instants as milliseconds since 1970
 * with their finer fraction kept, so that two versions within a millisecond differ.
 */
export function comparableVersion(version: number | string): string {
  if (typeof version === 'number') return String(version);
  const fraction = /\.(\d{1,9})/.exec(version)?.[1] ?? '0';
  const whole = Date.parse(version.replace(/\.\d+/, ''));
  return new Big(whole).plus(new Big(`0.${fraction}`).times(1000)).toFixed();
}

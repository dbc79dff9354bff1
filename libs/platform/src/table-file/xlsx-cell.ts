const DAY_MS = 86_400_000;
/** Excel takes 1900 for a leap year: days before March 1900 are one further off. */
const LEAP_DAY = 60;
const LAST_DAY = 2_958_466;
/** Digits that a number in a spreadsheet has; more are noise of its arithmetic. */
const DIGITS = 15;

/** Formats of dates and times that have a number of their own; those of Chinese and Japanese dates are among them. */
const isDateId = (id: number): boolean =>
  (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);

/** Whether numbers in this format are shown as days or times. */
export const isDateFormat = (id: number, code: string | undefined): boolean =>
  code === undefined
    ? isDateId(id)
    : /[ymdhs]/i.test(code.replaceAll(/"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*./gi, ''));

/** The day (`2026-01-31`), with the time where there is one (`2026-01-31T08:30:00`); the number as it is where it is none. */
export function dateText(serial: number, from1904: boolean): string {
  if (!(serial >= 1 && serial < LAST_DAY)) return String(serial);
  const first = from1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, serial < LEAP_DAY ? 31 : 30);
  const seconds = Math.round(serial * 86_400);
  const text = new Date(first + Math.floor(seconds / 86_400) * DAY_MS + (seconds % 86_400) * 1000).toISOString();
  return seconds % 86_400 === 0 ? text.slice(0, 10) : text.slice(0, 19);
}

/** `1.3800138E10` is a phone number, and 0.30000000000000004 is 0.3. */
export function numberText(raw: string): string {
  if (/^-?\d{1,15}(\.\d{1,13})?$/.test(raw) && raw.length <= DIGITS + 2) return raw;
  const value = Number(raw);
  return Number.isFinite(value) ? String(Number(value.toPrecision(DIGITS))) : raw;
}

/** Characters that XML cannot hold are written `_x000D_`. */
export const unescaped = (text: string): string =>
  text.includes('_x')
    ? text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    : text;

/** `C` of `C5` is 2; -1 for what is no such address. */
export function columnOf(address: string): number {
  let column = 0;
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code < 65 || code > 90) break;
    column = column * 26 + code - 64;
  }
  return column - 1;
}

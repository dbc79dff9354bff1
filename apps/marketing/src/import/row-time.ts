import { CalendarDate, Instant } from '#contracts';
import { instantIn } from '#platform';

/** A day, and perhaps a time of it, as spreadsheets write them; no other order is meant by a year in front. */
const SHOWN = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const two = (digits = '0'): string => digits.padStart(2, '0');

/** The day in ISO 8601; what is none stays for the schema to refuse. */
export function dayOf(cell: string | undefined): string | undefined {
  const [, year, month, day, hour] = SHOWN.exec(cell?.trim() ?? '') ?? [];
  return year === undefined || hour !== undefined ? cell : `${year}-${two(month)}-${two(day)}`;
}

/** The instant that a cell names: with an offset, or as clocks in the business time zone show it. A day is its beginning. */
export function instantOf(cell: string, timeZone: string): Date | undefined {
  const text = cell.trim();
  if (Instant.safeParse(text).success) return new Date(text);
  const [, year, month, day, hour, minute, second] = SHOWN.exec(text) ?? [];
  const date = `${year}-${two(month)}-${two(day)}`;
  const time = `${two(hour)}:${two(minute)}:${two(second)}`;
  if (!CalendarDate.safeParse(date).success || !/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(time)) return undefined;
  return instantIn(timeZone, `${date}T${time}`);
}

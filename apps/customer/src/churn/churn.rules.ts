import type { ChurnAlertStatus } from '#contracts';
import { localTime } from '#platform';

export type Move = 'postpone' | 'add-measure' | 'confirm' | 'recover';

/** Every move there is, and where it leads (CHU-2). Nobody makes a customer recover: an order does it (CHU-4). */
export const MOVES: Record<ChurnAlertStatus, Partial<Record<Move, ChurnAlertStatus>>> = {
  warning: { postpone: 'postponed', 'add-measure': 'warning', confirm: 'lost', recover: 'recovered' },
  postponed: { 'add-measure': 'postponed', confirm: 'lost', recover: 'recovered' },
  lost: {},
  recovered: {},
};

const FIRST_DAY = '0001-01-01';

/**
 * The first day of the months that end with `asOf`; days are `YYYY-MM-DD`. Months are those of the calendar: before 31 August lies
 * the end of February.
 */
export function periodStart(asOf: string, months: number): string {
  const [year, month, day] = asOf.split('-').map(Number) as [number, number, number];
  const count = year * 12 + month - 1 - months;
  if (count < 12) return FIRST_DAY;
  const [startYear, startMonth] = [Math.floor(count / 12), (count % 12) + 1];
  // The calendar repeats every 400 years; years below 100 mean others to Date.
  const lastDay = new Date(Date.UTC(2000 + (startYear % 400), startMonth, 0)).getUTCDate();
  const digits = (value: number, length: number) => String(value).padStart(length, '0');
  return `${digits(startYear, 4)}-${digits(startMonth, 2)}-${digits(Math.min(day, lastDay), 2)}`;
}

/** CHU-1: at risk is who has bought nothing for more than these months; exactly as many are not yet more. */
export const isAtRisk = (since: string, asOf: string, months: number): boolean => since < periodStart(asOf, months);

const SATURDAY = 6;
const TWO_O_CLOCK = '02:00';

/** The last Saturday on which the clocks of the zone have shown 02:00; where they skip that hour, the first time behind it counts. */
export function lastSaturday(zone: string, now: Date): string {
  const [day, time] = localTime(zone, now).split(' ') as [string, string];
  const date = new Date(`${day}T00:00:00Z`);
  const sinceSaturday = (date.getUTCDay() - SATURDAY + 7) % 7;
  const tooEarly = sinceSaturday === 0 && time < TWO_O_CLOCK;
  date.setUTCDate(date.getUTCDate() - (tooEarly ? 7 : sinceSaturday));
  return date.toISOString().slice(0, 10);
}

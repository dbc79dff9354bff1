const formats = new Map<string, Intl.DateTimeFormat>();

/** What calendar and clock show in an IANA time zone, as `YYYY-MM-DD HH:MM`. */
export function localTime(zone: string, at: Date = new Date()): string {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    formats.set(zone, format);
  }
  const { year, month, day, hour, minute } = Object.fromEntries(
    format.formatToParts(at).map(({ type, value }) => [type, value]),
  ) as Record<string, string>;
  return `${year!.padStart(4, '0')}-${month}-${day} ${hour}:${minute}`;
}

/** The calendar day that it is in an IANA time zone, as `YYYY-MM-DD`. */
export const dayIn = (zone: string, at?: Date): string => localTime(zone, at).slice(0, 10);

const MINUTE = 60_000;
/** By how much the clocks of the zone are ahead of UTC at this moment. */
const offsetAt = (zone: string, at: number): number =>
  Date.parse(`${localTime(zone, new Date(at)).replace(' ', 'T')}Z`) - Math.floor(at / MINUTE) * MINUTE;

/** When clocks in an IANA time zone show this (`YYYY-MM-DDTHH:MM:SS`); a time that they pass over is taken for the one an hour later. */
export function instantIn(zone: string, shown: string): Date {
  const asUtc = Date.parse(`${shown}Z`);
  const near = asUtc - offsetAt(zone, asUtc);
  const instant = asUtc - offsetAt(zone, near);
  return new Date(Math.max(instant, asUtc - offsetAt(zone, instant)));
}

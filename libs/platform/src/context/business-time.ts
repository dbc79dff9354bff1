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

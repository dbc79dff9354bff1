import { CalendarDate, type FilterType, Id, Instant } from '#contracts';

/** A filter's value as SQL takes it, or undefined when it is not of the type. */
export function parseFilterValue(type: FilterType, value: string): string | number | boolean | undefined {
  if (value.includes('\0') || value.length > 300) return undefined;
  switch (type) {
    case 'code':
    case 'contains':
      return value === '' ? undefined : value;
    case 'id':
      return Id.safeParse(value).success ? value : undefined;
    case 'int':
      return /^-?\d{1,10}$/.test(value) && Math.abs(Number(value)) < 2 ** 31 ? value : undefined;
    case 'number':
    case 'money':
      return /^-?\d{1,15}(\.\d{1,6})?$/.test(value) ? value : undefined;
    case 'date':
      return CalendarDate.safeParse(value).success ? value : undefined;
    case 'instant':
      // A day stands for its first instant in UTC.
      return Instant.safeParse(value).success || CalendarDate.safeParse(value).success ? value : undefined;
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : undefined;
  }
}

import { CalendarDate, type FilterType, Id, Instant, type ValueType } from '#contracts';
import { FORMATS, TYPES } from '../text/field-message.js';

/** What a value must be, as `English · 中文`. */
export const wordsOf = (type: FilterType): string =>
  typeof type === 'string' ? WORDS[type] : `one of ${type.join(', ')} · 可选 ${type.join(', ')}`;

const WORDS: Record<ValueType, string> = {
  code: 'must have 1 to 300 characters · 须为 1 至 300 个字符',
  contains: 'must have 1 to 300 characters · 须为 1 至 300 个字符',
  id: FORMATS.uuid,
  int: TYPES.int,
  number: TYPES.number,
  money: 'must be an amount such as 1234.50 · 必须是金额,如 1234.50',
  date: FORMATS.date,
  instant:
    'must be a day or a time with its zone, as 2026-01-31T08:00:00Z · 必须是日期或带时区的时间,如 2026-01-31T08:00:00Z',
  boolean: 'true or false · true 或 false',
};

/** A filter's value as SQL takes it, or undefined when it is not of the type. */
export function parseFilterValue(type: FilterType, value: string): string | number | boolean | undefined {
  if (value.includes('\0') || value.length > 300) return undefined;
  if (typeof type !== 'string') return type.includes(value) ? value : undefined;
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

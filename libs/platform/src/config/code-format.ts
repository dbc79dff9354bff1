import { z } from 'zod';

/**
 * How the codes of one kind of record look (DIC-4): a prefix, and as many `#` as their number has digits at least; it grows beyond them.
 * Paths take codes in any case, so a prefix is upper case; it ends in no digit, so codes of two formats never meet.
 */
export const codeFormat = (format: string) =>
  z
    .string()
    .regex(
      /^[A-Z]([A-Z0-9-]{0,18}[A-Z-])?#{1,12}$/,
      'must be a prefix of A-Z, 0-9 and - that begins with a letter and ends in no digit, then 1 to 12 times #, such as CUS-######',
    )
    .default(format);

export const formatCode = (format: string, value: number): string =>
  format.replace(/#+$/, (places) => String(value).padStart(places.length, '0'));

import { createHash } from 'node:crypto';
import { fold } from '../text/fold.js';

/** Digits become a number; anything else stays for the schema to refuse. */
export const numberOf = (cell: string | undefined): string | number | undefined =>
  cell !== undefined && /^\s*\d{1,9}\s*$/.test(cell) ? Number(cell) : cell;

/** One of a few words; another one stays for the schema to refuse. */
export const wordOf = <T>(words: Readonly<Record<string, T>>, cell: string | undefined): T | string | undefined =>
  cell === undefined || !Object.hasOwn(words, fold(cell)) ? cell : words[fold(cell)]!;

/** By this a row is known again that has no id of its own in `idColumn`, whatever the order of its columns; null where it has one. */
export const fingerprintOf = (values: Readonly<Record<string, string>>, idColumn: string): string | null =>
  values[idColumn] === undefined
    ? createHash('sha256')
        .update(JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))))
        .digest('base64url')
    : null;

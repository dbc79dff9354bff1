import { fold } from '../text/fold.js';

/** Digits become a number; anything else stays for the schema to refuse. */
export const numberOf = (cell: string | undefined): string | number | undefined =>
  cell !== undefined && /^\s*\d{1,9}\s*$/.test(cell) ? Number(cell) : cell;

/** One of a few words; another one stays for the schema to refuse. */
export const wordOf = <T>(words: Readonly<Record<string, T>>, cell: string | undefined): T | string | undefined =>
  cell === undefined || !Object.hasOwn(words, fold(cell)) ? cell : words[fold(cell)]!;

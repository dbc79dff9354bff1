import type { DictionaryType } from '#contracts';
import type { Tx } from '../db/tx.js';
import type { Dictionary, DictionaryChoices } from '../dictionary/dictionary.js';
import type { RowError, RowFailure } from '../jobs/job-kind.js';
import { fold } from '../text/fold.js';

/** What can be chosen from each dictionary (`Dictionary.choices`). */
export type CodeChoices = ReadonlyMap<string, DictionaryChoices>;

/** The code of a dictionary that a cell names, by itself or by its label. */
export function codeOf(
  codes: CodeChoices,
  dictionary: string,
  field: string,
  cell: string | undefined,
  errors: RowError[],
): string | undefined {
  if (cell === undefined) return undefined;
  const choices = codes.get(dictionary);
  const code = choices?.codes.has(cell) ? cell : choices?.byLabel.get(fold(cell));
  if (code === undefined) errors.push(unknownCode(field, dictionary, cell));
  return code;
}

const unknownCode = (field: string, dictionary: string, cell: string): RowError => {
  const shown = cell.slice(0, 50);
  return {
    field,
    code: 'unknown_dictionary_code',
    message: {
      en: `"${shown}" is not an active entry of ${dictionary}`,
      zh: `“${shown}”不是 ${dictionary} 的有效项`,
    },
  };
};

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
  readonly data: { readonly input: object };
}

/**
 * Marks the codes of the rows as used (DIC-2); rows with one that was retired just now are refused.
 * `dictionaries`: of each field of `input` that has a code.
 */
export async function pickCodes<R extends Row>(
  tx: Tx,
  dictionary: Dictionary,
  dictionaries: Readonly<Record<string, DictionaryType>>,
  rows: readonly R[],
): Promise<{ chosen: R[]; refused: RowFailure[] }> {
  const codeIn = ({ data }: R, field: string): unknown => (data.input as Record<string, unknown>)[field];
  const choices = new Map<string, { field: string; type: DictionaryType; code: string }>();
  for (const row of rows)
    for (const [field, type] of Object.entries(dictionaries)) {
      const code = codeIn(row, field);
      if (typeof code === 'string') choices.set(`${field} ${code}`, { field, type, code });
    }
  const wrong = await dictionary.choose(tx, [...choices.values()]);
  const chosen: R[] = [];
  const refused: RowFailure[] = [];
  for (const row of rows) {
    const errors = wrong
      .filter(({ field, code }) => codeIn(row, field) === code)
      .map(({ field, type, code }) => unknownCode(field, type, code));
    if (errors.length > 0) refused.push({ line: row.line, cells: row.cells, errors });
    else chosen.push(row);
  }
  return { chosen, refused };
}

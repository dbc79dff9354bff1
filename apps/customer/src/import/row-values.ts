import type { Actor, Right } from '#contracts';
import { type DictionaryChoices, fold, type RowError } from '#platform';

type Values = Readonly<Record<string, string>>;

/** What the rows of an import are checked by. */
export interface ImportReference {
  readonly actor: Actor;
  readonly dictionaries: ReadonlyMap<string, DictionaryChoices>;
  /** By username in lower case. */
  readonly people: ReadonlyMap<string, { readonly id: string; readonly eligible: boolean }>;
  /** Whether records can go to the one who imports. */
  readonly isEligible: boolean;
}

/** Digits become a number; anything else stays for the schema to refuse. */
export const numberOf = (cell: string | undefined): string | number | undefined =>
  cell !== undefined && /^\s*\d{1,9}\s*$/.test(cell) ? Number(cell) : cell;

/** Parted as people part them. */
export const tagsOf = (cell: string | undefined): string[] | undefined =>
  cell
    ?.split(/[;；,，、|]/u)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');

/** One of a few words; another one stays for the schema to refuse. */
export const wordOf = <T>(words: Readonly<Record<string, T>>, cell: string | undefined): T | string | undefined =>
  cell === undefined ? undefined : (words[fold(cell)] ?? cell);

/** The code of a dictionary that a cell names, by itself or by its label. */
export function codeOf(
  { dictionaries }: ImportReference,
  dictionary: string,
  field: string,
  values: Values,
  errors: RowError[],
): string | undefined {
  const cell = values[field];
  if (cell === undefined) return undefined;
  const choices = dictionaries.get(dictionary);
  const code = choices?.codes.has(cell) ? cell : choices?.byLabel.get(fold(cell));
  if (code === undefined) errors.push(unknownCode(field, dictionary, cell));
  return code;
}

export const unknownCode = (field: string, dictionary: string, cell: string): RowError => {
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

/** The row's problem when the right does not reach this owner's records. */
export function scopeError(actor: Actor, right: Right, owner: string | null, field: string): RowError | undefined {
  const scope = actor.rights[right];
  if (actor.kind === 'gateway' || scope === 'all' || (scope === 'own' && owner === actor.id)) return undefined;
  return {
    field,
    code: 'not_owner',
    message: scope
      ? { en: `your right ${right} covers your own records only`, zh: `您的权限 ${right} 只适用于您自己的记录` }
      : { en: `this needs the right ${right}`, zh: `此操作需要权限 ${right}` },
  };
}

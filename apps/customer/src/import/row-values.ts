import type { Actor, Right } from '#contracts';
import type { CodeChoices, RowError } from '#platform';

/** What the rows of an import are checked by. */
export interface ImportReference {
  readonly actor: Actor;
  readonly codes: CodeChoices;
  /** By username in lower case. */
  readonly people: ReadonlyMap<string, { readonly id: string; readonly eligible: boolean }>;
  /** Whether records can go to the one who imports. */
  readonly isEligible: boolean;
}

/** Parted as people part them. */
export const tagsOf = (cell: string | undefined): string[] | undefined =>
  cell
    ?.split(/[;；,，、|]/u)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');

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

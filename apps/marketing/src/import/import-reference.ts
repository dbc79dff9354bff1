import type { Actor } from '#contracts';
import type { CodeChoices } from '#platform';

/** What the rows of a file are checked by. */
export interface ImportReference {
  readonly actor: Actor;
  /** By username in lower case. */
  readonly people: ReadonlyMap<string, { readonly id: string; readonly active: boolean; readonly eligible: boolean }>;
  readonly codes: CodeChoices;
  /** Where a record stands whose stage is not given. */
  readonly firstStage: string;
  readonly now: Date;
  readonly timeZone: string;
}

import type { Actor, Right } from '#contracts';
import type { EntityClass } from './data-source.js';

/**
 * Who sees the records of one kind: one definition for the look-up of a path, details, lists and `tx.load`, so that they cannot differ.
 * SQL conditions stand on the alias `t`; `:actor` is the id of the person who asks.
 */
export interface RecordPolicy {
  /** The `record` of the routes. */
  readonly kind: string;
  readonly entity?: EntityClass;
  readonly table: string;
  /** The column with the code that people see. */
  readonly code?: string;
  readonly readRight: Right;
  readonly alive?: string;
  readonly owned?: string;
}

/**
 * The condition under which `actor` sees a record; adds what it needs to `parameters`. Everything for the system itself and for the
 * scope `all`, owned records for `own`, and nothing in every other case.
 */
export function visibleTo(policy: RecordPolicy, actor: Actor | undefined, parameters: unknown[]): string {
  const alive = policy.alive ?? 'true';
  const scope = actor?.rights[policy.readRight];
  if (actor?.kind === 'gateway' || scope === 'all') return alive;
  if (!actor || !policy.owned || scope !== 'own') return 'false';
  parameters.push(actor.id);
  return `${alive} AND (${policy.owned.replaceAll(':actor', `$${parameters.length}`)})`;
}

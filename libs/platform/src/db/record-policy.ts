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

/** The condition under which `actor` sees a record; adds what it needs to `parameters`. */
export function visibleTo(policy: RecordPolicy, actor: Actor | undefined, parameters: unknown[]): string {
  const conditions = [policy.alive ?? 'true'];
  if (actor && policy.owned && actor.rights[policy.readRight] === 'own') {
    parameters.push(actor.id);
    conditions.push(policy.owned.replaceAll(':actor', `$${parameters.length}`));
  }
  return conditions.join(' AND ');
}

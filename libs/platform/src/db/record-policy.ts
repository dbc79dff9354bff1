import type { Actor, Right } from '#contracts';
import type { EntityClass } from './data-source.js';

interface Numbering {
  readonly sequence: string;
  readonly setting: string;
  /** The setting's value; filled in when the service starts. */
  readonly format?: string;
}

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
  /** The PostgreSQL sequence of its codes, and the setting that says how they look (`codeFormat`). */
  readonly numbering?: Numbering;
  /** For paths without an id: the condition under which their places (`:type`, `:code`) name the record. */
  readonly key?: string;
  readonly readRight: Right;
  readonly alive?: string;
  /** The column with the id of the record that took this one's place: a path that names this one means that one. */
  readonly successor?: string;
  readonly owned?: string;
}

/** The policy with the format of its codes. @throws Error when the service has no such setting */
export function withCodeFormat(policy: RecordPolicy, config: Readonly<Record<string, unknown>>): RecordPolicy {
  if (!policy.numbering) return policy;
  const format = config[policy.numbering.setting];
  if (typeof format !== 'string') throw new Error(`There is no setting ${policy.numbering.setting}`);
  return { ...policy, numbering: { ...policy.numbering, format } };
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

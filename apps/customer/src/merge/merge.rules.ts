import type { MergePreview } from '#contracts';
import type { Customer } from '../customer/customer.entity.js';

/** Facts that the survivor of a merge takes over where it has none. */
const FACTS = [
  'ownerId',
  'externalRef',
  'region',
  'level',
  'satisfaction',
  'credit',
  'industry',
  'nature',
  'type',
  'phone',
  'fax',
  'address',
  'postcode',
  'website',
  'businessLicence',
  'legalRepresentative',
  'registeredCapital',
  'annualTurnover',
  'bank',
  'bankAccount',
  'localTaxNumber',
  'nationalTaxNumber',
  'remarks',
  'sourceOpportunityId',
] as const;
type Fact = (typeof FACTS)[number];
type Facts = Pick<Customer, Fact | 'name' | 'tags'>;

/** What a survivor took over, so that an undo can take it back. */
export interface Taken {
  readonly facts: Partial<Record<Fact, string | number>>;
  readonly tags: readonly string[];
}

/** Field by field; what neither has is left out. */
export function compareFields(merged: Facts, into: Facts): MergePreview['fields'] {
  return (['name', ...FACTS] as const)
    .map((field) => ({ field, merged: merged[field], into: into[field] }))
    .filter((pair) => pair.merged !== null || pair.into !== null)
    .map((pair) => ({ ...pair, outcome: outcomeOf(pair.merged, pair.into) }));
}

function outcomeOf(merged: unknown, into: unknown): 'kept' | 'taken' | 'conflict' {
  if (into === null) return 'taken';
  return merged === null || merged === into ? 'kept' : 'conflict';
}

export const takenOver = (merged: Facts, into: Facts): Taken => ({
  facts: Object.fromEntries(
    FACTS.filter((fact) => into[fact] === null && merged[fact] !== null).map((fact) => [fact, merged[fact]]),
  ),
  tags: merged.tags.filter((tag, index, tags) => !into.tags.includes(tag) && tags.indexOf(tag) === index),
});

/** What the survivor says and the merged one said otherwise: kept on the timeline, for no list shows the merged one any more. */
export function conflictsOf(merged: Customer, into: Customer): Record<string, unknown> {
  const conflicts = compareFields(merged, into).filter(({ outcome }) => outcome === 'conflict');
  const said = Object.fromEntries(conflicts.map(({ field, merged: value }) => [field, value]));
  return Object.fromEntries(
    Object.entries(into.differences(said)).map(([field, { from, to }]) => [field, { kept: from, merged: to }]),
  );
}

/** The survivor's facts with what it takes over. */
export const withTaken = (into: Facts, { facts, tags }: Taken): Partial<Customer> =>
  ({ ...facts, tags: [...into.tags, ...tags] }) as Partial<Customer>;

/** The survivor's facts without what it took over and still has as it was. */
export const withoutTaken = (into: Facts, { facts, tags }: Taken): Partial<Customer> => ({
  ...Object.fromEntries(FACTS.filter((fact) => still(into, facts, fact)).map((fact) => [fact, null])),
  tags: into.tags.filter((tag) => !tags.includes(tag)),
});

/** Whether the survivor still has what it took over. */
export const still = (into: Facts, facts: Taken['facts'], fact: Fact): boolean =>
  facts[fact] !== undefined && into[fact] === facts[fact];

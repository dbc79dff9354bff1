import { CustomerMerged, CustomerMergeUndone, type DataOf, type NewEvent } from '#contracts';
import { v7 } from 'uuid';

/** Something that somebody tries: to merge one customer into another, or to undo a merge. */
interface MergeStep {
  readonly undo: boolean;
  readonly one: number;
  readonly other: number;
}

type Facts = Omit<DataOf<typeof CustomerMerged>, 'intoId' | 'mergeId'>;

/** What the customer service publishes of a step that it did, and who stands for whom from then on. */
interface Moment {
  readonly event: NewEvent;
  readonly stands: readonly number[];
}

/** The history of these customers: of the steps those that are possible. */
export function mergeHistory(customers: readonly Facts[], steps: readonly MergeStep[]): Moment[] {
  const standing: { merged: number; into: number; mergeId: string }[] = [];
  const moments: Moment[] = [];
  const intoOf = (one: number) => standing.find(({ merged }) => merged === one)?.into;
  const now = (one: number): number => {
    const into = intoOf(one);
    return into === undefined ? one : now(into);
  };
  const say = (definition: typeof CustomerMerged, { merged, into, mergeId }: (typeof standing)[number]) => {
    const facts = customers[merged]!;
    const event = definition.of(facts.customerId, { ...facts, intoId: customers[into]!.customerId, mergeId });
    moments.push({ event, stands: customers.map((_, one) => now(one)) });
  };
  for (const { undo, one, other } of steps)
    if (undo) {
      const possible = standing.filter(({ into }) => intoOf(into) === undefined);
      const undone = possible[(one + other) % Math.max(possible.length, 1)];
      if (!undone) continue;
      standing.splice(standing.indexOf(undone), 1);
      say(CustomerMergeUndone, undone);
    } else if (one !== other && intoOf(one) === undefined && intoOf(other) === undefined) {
      const merge = { merged: one, into: other, mergeId: v7() };
      standing.push(merge);
      say(CustomerMerged, merge);
    }
  return moments;
}

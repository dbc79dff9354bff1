import type { ListDefinition, TimelineEntry } from '#contracts';
import type { ListPlan } from './list.js';

/** The list of what happened to a record, from a history table with `id`, `at`, `actor_id`, `act` and `details`. */
export const timelinePlan = (table: string, definition: ListDefinition): ListPlan<TimelineEntry> => ({
  definition,
  from: `${table} t`,
  select: 't.at, t.actor_id AS "actorId", t.act, t.details',
  columns: { at: 't.at' },
  view: ({ at, ...entry }: Omit<TimelineEntry, 'at'> & { at: Date }) => ({ ...entry, at: at.toISOString() }),
});

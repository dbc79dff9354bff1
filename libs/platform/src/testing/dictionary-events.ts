import { deepStrictEqual } from 'node:assert';
import {
  type DataOf,
  DictionaryEntryAdded,
  DictionaryEntryRemoved,
  DictionaryEntryUpdated,
  type Envelope,
} from '#contracts';
import fc from 'fast-check';
import { v7 } from 'uuid';
import type { TestService } from './test-service.js';

/** The dictionary that a history of events makes: what each copy of it must be. */
export function dictionaryOf(history: readonly Pick<Envelope, 'type' | 'subject' | 'data'>[]) {
  const entries = new Map<string, object>();
  for (const { type, subject, data } of history) {
    const { entryId: _, parent = null, ...facts } = data as DataOf<typeof DictionaryEntryAdded>;
    entries.set(subject, { ...facts, parent, removed: type === DictionaryEntryRemoved.type });
  }
  return entries;
}

/** The entries of these ids as a service has them. */
export async function storedDictionary(service: TestService, ids: readonly string[]) {
  const rows = await service.query<{ id: string; entry: object }>(
    `SELECT id, jsonb_build_object('type', type, 'code', code, 'label', jsonb_build_object('zh', label_zh, 'en', label_en),
       'order', sort_order, 'active', active, 'editable', editable, 'parent', parent, 'removed', removed) AS entry
       FROM dictionary_entry WHERE id = ANY ($1)`,
    [ids],
  );
  return new Map(rows.map(({ id, entry }) => [id, entry]));
}

const Change = fc.record({
  entry: fc.nat(4),
  event: fc.constantFrom(DictionaryEntryAdded, DictionaryEntryUpdated, DictionaryEntryUpdated, DictionaryEntryRemoved),
  label: fc.record({ zh: fc.string({ unit: 'grapheme', minLength: 1 }), en: fc.string({ minLength: 1 }) }),
  order: fc.nat(1000),
  active: fc.boolean(),
  parent: fc.option(fc.nat(4)),
  /** How far back an event is told a second time. */
  again: fc.option(fc.nat(5)),
});

/** Tells `service` of entries, theirs mixed in any order and some twice, and looks each time whether its copy says the same. */
export async function requireFaithfulCopy(service: TestService): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(Change, { minLength: 1, maxLength: 25, size: 'max' }), async (changes) => {
      const ids = [0, 1, 2, 3, 4].map(() => v7());
      const told: Envelope[] = [];
      const sent: Envelope[] = [];
      for (const { entry, event, label, order, active, parent, again } of changes) {
        const entryId = ids[entry]!;
        const definition = told.some(({ subject }) => subject === entryId) ? event : DictionaryEntryAdded;
        const facts = { type: 'region', code: entryId, label, order, editable: true, entryId };
        const data = { ...facts, active: active && definition !== DictionaryEntryRemoved };
        const above = parent === null ? null : ids[parent]!;
        const envelope = service.events.envelope(definition.of(entryId, { ...data, parent: above }));
        told.push(envelope);
        sent.push(envelope, ...(again === null ? [] : told.slice(-1 - again, told.length - again)));
      }
      await service.events.send(...sent);
      await service.applied(...told);
      deepStrictEqual(await storedDictionary(service, ids).then(sorted), sorted(dictionaryOf(told)));
    }),
    { numRuns: 20 },
  );
}

const sorted = (entries: ReadonlyMap<string, object>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));

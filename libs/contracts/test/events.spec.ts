import { readdirSync, readFileSync } from 'node:fs';
import { TOPOLOGY } from '#contracts';
import { breakingChanges } from '../../../tools/docs/event-compatibility.js';
import { type EventSnapshot } from '../../../tools/docs/event-snapshots.js';
import { publishedSchema } from '../../../tools/docs/json-schema.js';

const golden = new URL('../golden/', import.meta.url);
const events = TOPOLOGY.map(({ event }) => event);
const snapshot = (type: string) => JSON.parse(readFileSync(new URL(`${type}.json`, golden), 'utf8')) as EventSnapshot;

describe('events', () => {
  it('EVT-6: a version that was published stays', () => {
    const published = readdirSync(golden).map((file) => file.replace(/\.json$/, ''));
    expect(published.sort()).toEqual(events.map(({ type }) => type).sort());
  });

  it.each(events.map((event) => [event.type, event] as const))(
    'EVT-6: %s has only gained optional fields',
    (type, event) => {
      const promised = snapshot(type).schema;
      const current = publishedSchema(event.data);
      expect(breakingChanges(promised, current)).toEqual([]);
      // And the snapshot knows those; else `npm run docs` was forgotten.
      expect(current).toEqual(promised);
    },
  );

  it.each(events.map((event) => [event.type, event] as const))(
    'EVT-6: %s takes the event from the day it was new',
    (type, event) => {
      const { example } = snapshot(type);
      expect(event.data.safeParse(example).error).toBeUndefined();
      expect(event.data.parse(example)).toEqual(example);
    },
  );

  it.each(events.map(({ type, publisher, aggregate, version }) => [type, publisher, aggregate, version] as const))(
    'EVT-1: %s says who, what about, what happened, and its version',
    (type, publisher, aggregate, version) => {
      expect(type).toMatch(/^crm\.[a-z]+\.[a-z-]+\.[a-z-]+\.v[1-9]\d*$/);
      expect(type.startsWith(`crm.${publisher}.${aggregate}.`)).toBe(true);
      expect(type.endsWith(`.v${version}`)).toBe(true);
    },
  );
});

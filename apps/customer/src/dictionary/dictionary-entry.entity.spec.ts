import { CrmError, DictionaryEntryAdded, DictionaryEntryRemoved, DictionaryEntryUpdated } from '#contracts';
import { describe, expect, it } from '@jest/globals';
import { DictionaryEntry } from './dictionary-entry.entity.js';

const label = { zh: '华南', en: 'South' };
const made = (over: Partial<DictionaryEntry> = {}) => {
  const entry = DictionaryEntry.of('region', 'south');
  entry.add({ code: 'south', label }, 7);
  return Object.assign(entry, over);
};

function refusal(work: () => unknown): CrmError {
  try {
    work();
  } catch (error) {
    if (error instanceof CrmError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('DictionaryEntry', () => {
  it('DIC-1: has type, code, labels, order, is active and editable, and tells of it', () => {
    const entry = DictionaryEntry.of('region', 'south');
    const event = entry.add({ code: 'south', label, parent: 'china' }, 7);
    const facts = { type: 'region', code: 'south', label, order: 7, active: true, editable: true, parent: 'china' };
    expect(event).toEqual({
      definition: DictionaryEntryAdded,
      aggregateId: entry.id,
      data: { ...facts, entryId: entry.id },
    });
    expect(entry.view(['china', 'south'])).toEqual({ ...facts, version: 1, level: 2, path: ['china', 'south'] });
  });

  it('DIC-1: changes what is given, and nothing that is so already', () => {
    const entry = made();
    expect(entry.change({ label, order: 7, active: true, parent: null })).toBeUndefined();
    const changed = entry.change({ order: 3, active: false, parent: 'china' });
    expect(changed).toMatchObject({
      definition: DictionaryEntryUpdated,
      data: { label, order: 3, active: false, parent: 'china' },
    });
    expect(entry.change({ active: true, parent: null })?.data).toMatchObject({ active: true, parent: null, order: 3 });
  });

  it('DIC-2: one that is not editable is neither changed nor removed', () => {
    const fixed = made({ editable: false });
    for (const act of [() => fixed.change({}), () => fixed.change({ active: false }), () => fixed.remove(false)])
      expect(refusal(act)).toMatchObject({
        code: 'not-editable',
        status: 409,
        parameters: { dictionary: 'region', code: 'south' },
      });
    expect(fixed).toMatchObject({ active: true, removed: false });
  });

  it('DIC-2: one in use, or with others below it, is not removed, and the refusal says what to do', () => {
    for (const act of [() => made({ used: true }).remove(false), () => made().remove(true)])
      expect(refusal(act)).toMatchObject({
        code: 'in-use',
        parameters: { instead: expect.stringContaining('Retire') },
      });
  });

  it('DIC-2: one that nobody used is removed, and may be added again as the same entry', () => {
    const entry = made();
    expect(entry.remove(false)).toMatchObject({ definition: DictionaryEntryRemoved, data: { active: false } });
    expect(entry).toMatchObject({ active: false, removed: true });
    const again = entry.add({ code: 'south', label: { zh: '南', en: 'S' } }, 9);
    expect(again).toMatchObject({ definition: DictionaryEntryAdded, aggregateId: entry.id, data: { active: true } });
    expect(entry).toMatchObject({ labelEn: 'S', sortOrder: 9, removed: false });
  });

  it('DIC-2: one that was used while it was removed comes back retired', () => {
    const entry = made();
    entry.remove(false);
    expect(entry.bringBack()).toMatchObject({ definition: DictionaryEntryUpdated, data: { active: false } });
    expect(entry).toMatchObject({ active: false, removed: false });
  });
});

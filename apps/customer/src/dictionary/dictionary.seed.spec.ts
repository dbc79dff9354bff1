import { describe, expect, it } from '@jest/globals';
import { Code, ContactInput, DICTIONARY_TYPES, TICKET_PRIORITIES } from '#contracts';
import { DICTIONARY_SEED } from './dictionary.seed.js';

describe('DIC-1: seeded dictionary', () => {
  it.each(Object.entries(DICTIONARY_SEED))(
    '%s has valid codes, each once, and labels in both languages',
    (_type, { entries }) => {
      const codes = entries.map(([code]) => code);
      expect(codes).toEqual(codes.map((code) => Code.parse(code)));
      expect(new Set(codes).size).toBe(codes.length);
      expect(entries.every(([, zh, en]) => /\p{Script=Han}/u.test(zh) && /^[A-Za-z]/.test(en))).toBe(true);
    },
  );

  it.each([
    ['satisfaction', ['1', '2', '3', '4', '5']],
    ['credit', ['1', '2', '3', '4', '5']],
    ['gender', ContactInput.shape.gender.unwrap().unwrap().options],
    ['ticket_priority', TICKET_PRIORITIES],
  ] as const)('the values of %s are those that the contracts name, and stay', (type, codes) => {
    expect(DICTIONARY_SEED[type].entries.map(([code]) => code)).toEqual(codes);
    expect([DICTIONARY_TYPES[type], DICTIONARY_SEED[type].editable]).toMatchObject([{ fixed: true }, false]);
  });

  it('DIC-4: regions are countries, provinces and cities, each listed after the one above', () => {
    const level = new Map<string, number>();
    for (const [code, , , parent] of DICTIONARY_SEED.region.entries) {
      if (parent) expect([parent, level.has(parent)]).toEqual([parent, true]);
      level.set(code, parent ? level.get(parent)! + 1 : 1);
    }
    expect(['germany', 'china', 'guangdong', 'guangzhou'].map((code) => level.get(code))).toEqual([1, 1, 2, 3]);
    expect(Math.max(...level.values())).toBe(3);
  });

  it('MKT-1: stages come in the order of a sale', () => {
    expect(DICTIONARY_SEED.opportunity_stage.entries.map(([code]) => code)).toEqual([
      'prospecting',
      'qualification',
      'proposal',
      'negotiation',
    ]);
  });
});

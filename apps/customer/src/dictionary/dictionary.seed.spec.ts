import { describe, expect, it } from '@jest/globals';
import { Code } from '#contracts';
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

  it('MKT-1: stages come in the order of a sale', () => {
    expect(DICTIONARY_SEED.opportunity_stage?.entries.map(([code]) => code)).toEqual([
      'prospecting',
      'qualification',
      'proposal',
      'negotiation',
    ]);
  });
});

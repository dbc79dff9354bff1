import { describe, expect, it } from '@jest/globals';
import { chooseTerms, type Commonness } from './term-choice.js';

const TICKETS = 1_000_000;
const choose = (frequencies: Record<string, number>, more: Partial<Commonness> = {}) =>
  chooseTerms(Object.keys(frequencies), {
    tickets: TICKETS,
    frequencies: Object.values(frequencies),
    least: 0.002,
    ...more,
  });

describe('the terms that similar tickets are looked up by', () => {
  it('SVC-6: the rarest come first, until together they stand in enough tickets', () => {
    expect(choose({ rare: 0.0021, everywhere: 0.9, rarer: 0.0005, unknown: 0 }).rare).toEqual([
      'unknown',
      'rarer',
      'rare',
    ]);
    expect(choose({ a: 0.0025, b: 0.0024, c: 0.9 }).rare).toEqual(['b']);
  });

  it('SVC-6: one that stands in many tickets is looked up when there is no rarer one', () => {
    expect(choose({ often: 0.019, oftener: 0.03 })).toMatchObject({ rare: ['often'] });
  });

  it('SVC-6: with common ones only, the newest tickets with one of the rarest three are looked at', () => {
    expect(choose({ a: 0.5, b: 0.9, c: 0.3, d: 0.4 })).toMatchObject({ rare: [], common: ['c', 'd', 'a'] });
  });

  it('SVC-6: of a million tickets at most 20 unknown terms are looked up, of few tickets all', () => {
    const terms = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`term ${n}`, 0]));
    expect(choose(terms).rare).toEqual(Object.keys(terms).slice(0, 20));
    expect(choose(terms, { tickets: 10_000 }).rare).toHaveLength(100);
    expect(choose(terms, { tickets: 0, least: 0 }).rare).toHaveLength(100);
  });

  it('SVC-6: the rarer a term, the more it counts; all together count 1', () => {
    const { weights } = choose({ unknown: 0, rare: 0.01, common: 0.5, everywhere: 1 });
    expect(weights).toEqual(weights.toSorted((a, b) => b - a));
    expect(weights.at(-1)).toBeGreaterThan(0);
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1);
    expect(choose({ a: 0, b: 0 }, { tickets: 0, least: 0 }).weights).toEqual([0.5, 0.5]);
  });
});

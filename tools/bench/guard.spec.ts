import { describe, expect, it } from '@jest/globals';
import type { Figure } from './figure.js';
import { regressions } from './guard.js';

const figure = (part: Partial<Figure>): Figure => ({
  part: 'http',
  work: 'create',
  conditions: { start: 'split' },
  unit: 'requests/s',
  value: 100,
  ...part,
});

describe('The guard against regressions', () => {
  it('names what takes far more processor time than its floor, and lets noise pass', () => {
    expect(regressions([figure({ cpuMs: 3, floorCpuMs: 0.15 })])).toEqual([]);
    expect(regressions([figure({ cpuMs: 6, floorCpuMs: 0.15 })])).toEqual([
      "create (split): 40.0 times the floor's CPU, not 35",
    ]);
  });

  it('names what is far below its floor', () => {
    const relay = { work: 'outbox relay, sustained', conditions: { service: 'customer, alone' } };
    expect(regressions([figure({ ...relay, ratio: 0.5 })])).toEqual([]);
    expect(regressions([figure({ ...relay, ratio: 0.1 })])).toEqual([
      'outbox relay, sustained (customer, alone): 0.1 of the floor, not 0.4',
    ]);
  });

  it('takes a guarded figure without a measurement for a regression, and has no say in others', () => {
    expect(regressions([figure({})])).toEqual(["create (split): NaN times the floor's CPU, not 35"]);
    expect(regressions([figure({ work: 'start to ready', unit: 's' })])).toEqual([]);
  });
});

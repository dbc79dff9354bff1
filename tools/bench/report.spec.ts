import { describe, expect, it } from '@jest/globals';
import { type Figure, median, percentile } from './figure.js';
import { markdown, number, table } from './report.js';

const figure: Figure = {
  part: 'http',
  work: 'customer by id',
  conditions: { customers: 100_000, start: 'split', connections: 16 },
  unit: 'requests/s',
  value: 2100.4,
  floor: { what: 'the same SELECT', value: 4000 },
  ratio: 0.53,
  cpuMs: 0.412,
  floorCpuMs: 0.2,
  latency: { p50: 7.04, p95: 11.2, p99: 20 },
  target: { text: '≥ 0.45 × floor', met: true },
  note: 'Random ids',
};
const machine = {
  processor: 'A Processor',
  cores: 2,
  memoryGB: 8,
  node: '20.20.2',
  postgres: '18.4',
  natsServer: '2.9.10',
};

describe('The figures', () => {
  it('take the middle of an odd number of rounds, and the mean of the two in the middle of an even one', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it('take as percentile the value that the share does not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0, 0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 95, 99, 100]);
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe('The report', () => {
  const cells = (text: string, work: string) =>
    text
      .split('\n')
      .find((line) => line.startsWith(`| ${work}`))
      ?.split('|')
      .map((cell) => cell.trim())
      .slice(1, -1);

  it('has one row for each figure, with its floor and whether the target is met', () => {
    const text = markdown({ machine, dates: { http: '2026-01-02' }, figures: [figure] });
    expect(cells(text, 'customer by id')).toEqual([
      'customer by id',
      '100,000 customers, split, 16 connections',
      '2,100 requests/s',
      '4,000',
      '0.53',
      '0.41',
      '0.20',
      '7.0 / 11.2 / 20.0',
      '≥ 0.45 × floor ✔',
    ]);
    expect(text).toContain('- customer by id: the same SELECT');
    expect(text).toContain('- customer by id: Random ids');
    expect(text).toContain('A Processor, 2 cores, 8 GB; Node.js 20.20.2, PostgreSQL 18.4, nats-server 2.9.10.');
    expect(text).toContain('2026-01-02.');
  });

  it('shows a missed target, and leaves empty what was not measured', () => {
    const bare: Figure = {
      part: 'start',
      work: 'memory',
      conditions: {},
      unit: 'MB',
      value: 210.4,
      target: { text: '≤ 200 MB', met: false },
    };
    const text = markdown({ machine, dates: { http: '2026-01-02' }, figures: [figure, bare] });
    expect(cells(text, 'memory')).toEqual(['memory', '', '210 MB', '', '', '', '', '', '≤ 200 MB ✘']);
    expect(text.indexOf('## HTTP')).toBeLessThan(text.indexOf('## Start'));
  });

  it('gives three digits that count', () => {
    expect([12_345.6, 123.4, 12.34, 1.234, 0.01234].map(number)).toEqual(['12,346', '123', '12.3', '1.23', '0.0123']);
  });

  it('aligns columns, Chinese characters as two', () => {
    expect(
      table([
        ['name', 'n'],
        ['中文', '12'],
      ]),
    ).toBe('| name | n   |\n| ---- | --- |\n| 中文 | 12  |');
  });
});

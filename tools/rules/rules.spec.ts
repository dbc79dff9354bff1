import { describe, expect, it } from '@jest/globals';
import { listedRules, rulesIn, rulesOfTests, ruleTable, ruleTests, withoutTest } from './rules.js';

describe('The rules and their tests', () => {
  it('reads rules from the table only', () => {
    expect(
      listedRules('MKT-1 is one.\n| rule | in short |\n| --- | --- |\n| MKT-1 | a | b |\n| DIC-4  | c | d |'),
    ).toEqual(['MKT-1', 'DIC-4']);
  });

  it.each([
    ['DIC-1, MKT-10: reads', ['DIC-1', 'MKT-10']],
    ['SVC-2…4, SVC-7: whatever', ['SVC-2', 'SVC-3', 'SVC-4', 'SVC-7']],
    ['the customer CUS-000001 and its UTF-16 name', ['UTF-16']],
    ['reads', []],
  ])('%j names %j', (title, rules) => {
    expect(rulesIn(title)).toEqual(rules);
  });

  it('finds the titles of tests in all their forms, with those around them', () => {
    const source = `
      describe('ALL-2: versions', () => {
        it('DIC-1: reads', () => { expect('DIC-9: no title').toBe(1); });
        it.each([['MKT-9: no title']])('DIC-2: %s', () => {});
        describe.each(cases)(\`DIC-3: \${name}, DIC-4\`, () => test('writes', async () => {}));
        it.each\`a|b\`('ALL-2: again', () => {});
      });
      // it('DIC-8: not there', () => {});
      it(name, () => {});`;
    expect(rulesOfTests(source)).toEqual([
      ['ALL-2', 'DIC-1'],
      ['ALL-2', 'DIC-2'],
      ['ALL-2', 'DIC-3', 'DIC-4'],
      ['ALL-2'],
    ]);
  });

  it('shows what has no test', () => {
    const tests = new Map([['apps/a.spec.ts', 2]]);
    const found = [
      { rule: 'MKT-1', tests },
      { rule: 'MKT-2', tests: new Map<string, number>() },
    ];
    expect(withoutTest(found)).toEqual(['MKT-2']);
    expect(ruleTable(found)).toBe('MKT-1      2  apps/a.spec.ts 2\nMKT-2      0  no test');
  });

  it('every rule has one', () => {
    const found = ruleTests(process.cwd());
    expect(found.length).toBeGreaterThan(50);
    expect(withoutTest(found)).toEqual([]);
  });
});

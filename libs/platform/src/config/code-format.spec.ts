import { describe, expect, it } from '@jest/globals';
import { codeFormat, formatCode } from './code-format.js';

describe('DIC-4: the format of codes', () => {
  it.each([
    ['CUS-######', 1, 'CUS-000001'],
    ['CUS-######', 1_000_000, 'CUS-1000000'],
    ['K#', 7, 'K7'],
    ['K#', 12, 'K12'],
    ['KH2026-####', 12, 'KH2026-0012'],
  ])('%s makes of %d the code %s', (format, value, code) => {
    expect(codeFormat('X#').parse(format)).toBe(format);
    expect(formatCode(format, value)).toBe(code);
  });

  it.each(['cus-######', 'CUS-', '######', '2026-####', 'KH2026####', 'K #', '客户#', 'K#-#', 'K-#############', ''])(
    'refuses %j',
    (format) => {
      const { error } = codeFormat('X#').safeParse(format);
      expect(error?.issues[0]?.message).toContain('such as CUS-######');
    },
  );
});

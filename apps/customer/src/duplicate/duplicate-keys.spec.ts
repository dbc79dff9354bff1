import { duplicateKeys, looseName, plainPhone } from './duplicate-keys.js';

describe('CUS-6: names that are likely one company', () => {
  it.each([
    ['华为技术有限公司', '华为技术', '华为 技术(集团)股份有限公司', '华为技术集团'],
    ['Acme', 'ACME Ltd.', 'Acme Co., Ltd', 'acme, inc', 'Ａｃｍｅ GmbH & Co. KG', 'Acme Holding S.A.', 'A.C.M.E. LLC'],
    ["O'Neill Trading", 'oneill-trading', 'O’Neill Trading Limited'],
    ['株式会社', '株式会社 '],
    ['Ltd', 'LTD'],
    ['!!!', ' !!! '],
  ])('%s', (...names) => {
    expect(new Set(names.map(looseName)).size).toBe(1);
  });

  it.each([
    ['华为技术', '华为科技'],
    ['Acme East', 'Acme West'],
    ['Incorporated Minds', 'Minds'],
    ['ガラス', 'カラス'],
    ['!!!', '???'],
  ])('not %s and %s', (a, b) => {
    expect(looseName(a)).not.toBe(looseName(b));
  });

  it('has a key that any index takes, whatever the name', () => {
    for (const name of ['\ufdfa'.repeat(100), '𝒳'.repeat(100), '👩‍👩‍👧'.repeat(30)]) {
      expect(Buffer.byteLength(looseName(name))).toBeLessThanOrEqual(800);
      expect(Buffer.from(looseName(name)).toString()).toBe(looseName(name));
    }
  });
});

describe('CUS-6: phones that are one', () => {
  it.each([
    ['+86 10-1234 5678', '0086 (10) 12345678'],
    ['030-0074321', '(030) 007.43.21'],
    ['021 5550 1234 ext 7', '02155501234#8'],
  ])('%s and %s', (a, b) => {
    expect(plainPhone(a)).toBe(plainPhone(b));
    expect(plainPhone(a)).toMatch(/^\d+$/);
  });

  it('no phone, a placeholder and an extension alone match nobody', () => {
    const nobody = duplicateKeys([{ name: 'A', phone: '-0' }], [{ officePhone: 'ext 12', mobile: null }]);
    expect(nobody).toEqual(['n:a']);
  });

  it('all phones of a customer and its contacts count, each once', () => {
    const keys = duplicateKeys(
      [{ name: 'A', phone: '123456' }],
      [
        { officePhone: '12 34 56', mobile: '789' },
        { officePhone: null, mobile: null },
      ],
    );
    expect(keys).toEqual(['n:a', 'p:123456', 'p:789']);
  });
});

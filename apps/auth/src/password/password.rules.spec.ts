import { describe, expect, it } from '@jest/globals';
import { isWeakPassword } from './password.rules.js';

describe('AUT-3: a password', () => {
  it.each(['short-one', '9 chars..', '安全密码九个字符哦'])('has at least 10 characters: %s', (password) => {
    expect([...password].length).toBeLessThan(10);
    expect(isWeakPassword(password, 'alice')).toBe(true);
  });

  it.each([
    'Password123',
    'P@ssw0rd2024!',
    '123Welcome456',
    'changeme1234',
    'iloveyou2024',
    'administrator',
    '@dministrator1',
    'qwertyuiop',
    'qazwsxedcrfv',
    'zyxwvutsrq',
    '1q2w3e4r5t6y',
    'passwordpassword',
    '1234567890',
    '1990-01-01 12',
    '13800138000',
    'aaaaaaaaaaaa',
    'abcabcabcabc',
    'woaini1314520',
  ])('is not among the common ones: %s', (password) => {
    expect(isWeakPassword(password, 'alice')).toBe(true);
  });

  it('is not the username, in any case', () => {
    expect(isWeakPassword('Alice.Wonder', 'alice.wonder')).toBe(true);
    expect(isWeakPassword('Alice.Wonder', 'bob')).toBe(false);
  });

  it.each(['correct horse battery', 'Demo-Passw0rd!', 'x7$kQ!m2pL', '我喜欢在下雨天喝热茶', 'tomato-lamp-42'])(
    'may be anything else: %s',
    (password) => {
      expect(isWeakPassword(password, 'alice')).toBe(false);
    },
  );
});

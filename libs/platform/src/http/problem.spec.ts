import { CrmError } from '#contracts';
import { expect, it } from '@jest/globals';
import { problemDocument, toCrmError } from './problem.js';

it('ALL-1: a refusal of a value names its field where a form looks for it', () => {
  const weak = new CrmError('weak-password', { field: 'new', reason: 'it is the current one · 与当前密码相同' });
  expect(problemDocument(weak, 'zh', '/x')).toMatchObject({
    detail: '不能使用该密码:与当前密码相同。',
    errors: [{ path: 'new', code: 'weak-password', message: '不能使用该密码:与当前密码相同。' }],
  });
  const own = [{ path: 'lines.0', code: 'x', message: 'a · 甲' }];
  expect(problemDocument(new CrmError('unknown-reference', { field: 'lines' }, own), 'en', '/x').errors).toEqual([
    { path: 'lines.0', code: 'x', message: 'a' },
  ]);
  expect(problemDocument(new CrmError('already-exists', { field: 'username' }), 'en', '/x')).not.toHaveProperty(
    'errors',
  );
});

it('ALL-1: what cannot be read is said in the language of who reads it, and never in the words of a library', () => {
  const foreign = Object.assign(new Error('Body is not valid JSON'), { statusCode: 400 });
  expect(problemDocument(toCrmError(foreign), 'zh', '/x').detail).toBe('无法解析请求:格式有误。');
});

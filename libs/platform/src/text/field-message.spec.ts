import { describe, expect, it } from '@jest/globals';
import { ROUTES } from '#contracts';
import { z } from 'zod';
import { fieldMessage } from './field-message.js';

const told = (schema: z.ZodType, input: unknown) =>
  schema.safeParse(input, { error: fieldMessage }).error?.issues[0]?.message;

describe('ALL-1: what a schema refuses is said in words that say what would be right', () => {
  it.each<[string, z.ZodType, unknown, string]>([
    ['a field that is missing', z.string(), undefined, 'must be given · 必填'],
    ['a number for a text', z.string(), 5, 'must be text · 必须是文本'],
    ['null for a text', z.string(), null, 'must be text · 必须是文本'],
    ['a text for a number', z.number(), '5', 'must be a number · 必须是数字'],
    ['letters for a number of an address', z.coerce.number(), 'abc', 'must be a number · 必须是数字'],
    ['half of a whole number', z.int(), 1.5, 'must be a whole number · 必须是整数'],
    ['a word for yes or no', z.boolean(), 'yes', 'must be true or false · 必须是 true 或 false'],
    ['one for a list', z.array(z.string()), 'a', 'must be a list · 必须是列表'],
    ['a list for an object', z.object({}), [], 'must be an object with fields · 必须是含字段的对象'],
    ['no id', z.uuid(), 'CUS-1', 'must be an id (a UUID) · 必须是 id(UUID)'],
    [
      'no day',
      z.iso.date(),
      '2026-02-30',
      'must be a day that exists, as YYYY-MM-DD · 必须是存在的日期,格式为 YYYY-MM-DD',
    ],
    ['no address', z.email(), 'x', 'must be an e-mail address · 必须是电子邮件地址'],
    ['none of a set', z.enum(['a', 'b']), 'c', 'must be one of: a, b · 只能是:a、b'],
    ['an empty text', z.string().min(1), '', 'must not be empty · 不能为空'],
    ['a short text', z.string().min(8), 'x', 'at least 8 characters · 至少 8 个字符'],
    ['a long text', z.string().max(2), 'xxx', 'at most 2 characters · 最多 2 个字符'],
    ['a long list', z.array(z.int()).max(1), [1, 2], 'at most 1 of them · 最多 1 项'],
    ['an empty list', z.array(z.int()).min(1), [], 'at least 1 of them · 至少 1 项'],
    ['too little', z.number().min(1), 0, 'at least 1 · 不得小于 1'],
    ['too much', z.number().max(5), 6, 'at most 5 · 不得大于 5'],
    ['nothing', z.number().positive(), 0, 'more than 0 · 必须大于 0'],
    ['a sum of too much', z.number().lt(5), 5, 'less than 5 · 必须小于 5'],
  ])('%s', (_case, schema, input, message) => {
    expect(told(schema, input)).toBe(message);
  });

  const ODD = [
    undefined,
    null,
    '',
    'x',
    ' ',
    '\u0000',
    'x'.repeat(5000),
    -1,
    0.5,
    1e9,
    NaN,
    true,
    [],
    [null],
    {},
    { x: 1 },
  ];
  const schemas = ROUTES.flatMap(({ method, path, body, query }) =>
    Object.entries({ body, query }).flatMap(([part, schema]) =>
      schema ? [[`${part} of ${method} ${path}`, schema] as const] : [],
    ),
  );

  it.each(schemas)('in both languages: the %s', (_of, schema) => {
    const fields = Object.keys((schema as unknown as { shape?: object }).shape ?? {});
    const inputs = [...ODD, ...ODD.map((odd) => Object.fromEntries(fields.map((field) => [field, odd])))];
    const issues = inputs.flatMap((input) => schema.safeParse(input, { error: fieldMessage }).error?.issues ?? []);
    expect(issues.length).toBeGreaterThan(0);
    const known = issues.filter(({ code }) => code !== 'unrecognized_keys');
    expect(known.filter(({ message }) => message.split(' · ').length !== 2)).toEqual([]);
  });

  it('what the schema says itself stands', () => {
    expect(told(z.string({ error: 'own words · 自己的话' }), 5)).toBe('own words · 自己的话');
    expect(told(z.string().regex(/^a/, 'an a first · 以 a 开头'), 'b')).toBe('an a first · 以 a 开头');
  });
});

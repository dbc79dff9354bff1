import type { z } from 'zod';
import type { Language } from '../context/request-context.js';

type Issue = z.core.$ZodRawIssue;

/** What a person reads of a value that a schema refuses and says nothing about itself, as `English · 中文`. */
export function fieldMessage(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'must be given · 必填'
        : (wordsIn(TYPES, issue.expected) ?? `must be of the type ${issue.expected} · 类型须为 ${issue.expected}`);
    case 'invalid_format':
      return wordsIn(FORMATS, issue.format) ?? 'is not in the form that is needed · 格式有误';
    case 'invalid_value':
      return `must be one of: ${issue.values.map(String).join(', ')} · 只能是:${issue.values.map(String).join('、')}`;
    case 'too_small':
      return atLeast(issue.origin, Number(issue.minimum), issue.inclusive !== false);
    case 'too_big':
      return atMost(issue.origin, Number(issue.maximum), issue.inclusive !== false);
    case 'invalid_union':
    case 'not_multiple_of':
    case 'invalid_key':
    case 'invalid_element':
    case 'unrecognized_keys':
    case 'custom':
      return 'is not valid here · 无效';
  }
}

const wordsIn = (words: Readonly<Record<string, string>>, name: string): string | undefined => words[name];

export const TYPES = {
  string: 'must be text · 必须是文本',
  number: 'must be a number · 必须是数字',
  int: 'must be a whole number · 必须是整数',
  boolean: 'must be true or false · 必须是 true 或 false',
  array: 'must be a list · 必须是列表',
  object: 'must be an object with fields · 必须是含字段的对象',
} as const;

export const FORMATS = {
  uuid: 'must be an id (a UUID) · 必须是 id(UUID)',
  date: 'must be a day that exists, as YYYY-MM-DD · 必须是存在的日期,格式为 YYYY-MM-DD',
  datetime: 'must be a time with its zone, as 2026-01-31T08:00:00Z · 必须是带时区的时间,如 2026-01-31T08:00:00Z',
  email: 'must be an e-mail address · 必须是电子邮件地址',
  url: 'must be a web address · 必须是网址',
} as const;

const atLeast = (origin: string, least: number, inclusive: boolean): string => {
  if (origin === 'string')
    return least === 1 ? 'must not be empty · 不能为空' : `at least ${least} characters · 至少 ${least} 个字符`;
  if (origin === 'array') return `at least ${least} of them · 至少 ${least} 项`;
  return inclusive ? `at least ${least} · 不得小于 ${least}` : `more than ${least} · 必须大于 ${least}`;
};

const atMost = (origin: string, most: number, inclusive: boolean): string => {
  if (origin === 'string') return `at most ${most} characters · 最多 ${most} 个字符`;
  if (origin === 'array') return `at most ${most} of them · 最多 ${most} 项`;
  return inclusive ? `at most ${most} · 不得大于 ${most}` : `less than ${most} · 必须小于 ${most}`;
};

/** Messages that we write are `English · 中文`; people get the half that they read. */
export const inLanguage = (text: string, language: Language): string => {
  const [en, zh, ...rest] = text.split(' · ');
  return zh === undefined || rest.length > 0 ? text : language === 'zh' ? zh : en!;
};

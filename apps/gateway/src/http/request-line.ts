import { CrmError } from '#contracts';
import type { IncomingMessage } from 'node:http';

// Anything but visible ASCII, a double slash, a backslash, an encoded dot, slash, backslash or NUL, a dot segment.
const EVIL_PATH = /[^\x21-\x7e]|\/\/|\\|%2e|%2f|%5c|%00|\/\.\.?(?:\/|$)/i;
const ONCE = ['host', 'authorization'] as const;

/**
 * Refuses requests that two parties could read in two ways: what the router sees must be what the service sees.
 * Throws `malformed-request`.
 */
export function checkRequestLine(request: IncomingMessage): void {
  const { method, url = '', rawHeaders } = request;
  if (method === 'TRACE') throw malformed('the method TRACE is not offered · 不支持 TRACE 方法');
  if (url.charCodeAt(0) !== 47) throw malformed('the address must begin with "/" · 地址必须以“/”开头');
  if (url.includes('#')) throw malformed('a fragment is not part of an address · 地址不能含有“#”片段');
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  if (EVIL_PATH.test(path)) throw malformed('the path is not in its plain form · 路径不是规范形式');
  for (const name of ONCE)
    if (occurrences(rawHeaders, name) > 1)
      throw malformed(`there is more than one header "${name}" · 请求头“${name}”出现多次`);
}

function occurrences(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]!.length === name.length && rawHeaders[i]!.toLowerCase() === name) count++;
  return count;
}

/** @param reason `English · 中文` */
export const malformed = (reason: string) => new CrmError('malformed-request', { reason });

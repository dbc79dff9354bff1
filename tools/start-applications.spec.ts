import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Application } from './applications.js';
import { startTogether } from './start-applications.js';

/** An application that says what it was given when it started; `serve` says whose it is. */
const APP = `
export async function start({ LABEL }, neighbours) {
  const serve = LABEL === 'gateway' ? undefined : () => LABEL;
  globalThis.startedTogether.push([LABEL, [...neighbours].map(([url, its]) => [url, its()])]);
  return { name: LABEL, url: 'http://elsewhere', serve, stop: async () => undefined };
}`;
const applications: Application[] = ['gateway', 'customer', 'customer-2'].map((label) => ({
  label,
  name: label.replace('-2', ''),
  url: `http://${label}`,
  env: { LABEL: label },
}));

describe('npm start, in one process', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crm-together-'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    for (const name of ['customer', 'gateway']) {
      await mkdir(join(folder, name, 'src'), { recursive: true });
      await writeFile(join(folder, name, 'src', 'app.js'), APP);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('starts the gateway last, and gives it what it may hand requests over to, by the URLs that it knows', async () => {
    const started: unknown[] = [];
    Object.assign(globalThis, { startedTogether: started });
    const progress = { say: () => undefined, stops: [], signal: new AbortController().signal };
    await startTogether(applications, pathToFileURL(`${folder}/`), progress);
    expect(started.at(-1)).toEqual([
      'gateway',
      [
        ['http://customer', 'customer'],
        ['http://customer-2', 'customer-2'],
      ],
    ]);
    Reflect.deleteProperty(globalThis, 'startedTogether');
  });
});

// Lets Node.js load TypeScript for tests: swc compiles each file as it is loaded, with the settings of the build.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const { module, jsc } = JSON.parse(await readFile(new URL('../../.swcrc', import.meta.url), 'utf8'));

const ours = {
  '#contracts': '../../libs/contracts/src/index.ts',
  '#platform': '../../libs/platform/src/index.ts',
  '#platform/without-database': '../../libs/platform/src/without-database.ts',
  '#testing': '../../libs/platform/src/testing/index.ts',
  '@jest/globals': './jest-globals.mjs',
};

/** The runner adds a query to the address of a test file, so that it is loaded again. */
const isTypeScript = (url) => url?.startsWith('file:') && new URL(url).pathname.endsWith('.ts');

export async function resolve(specifier, context, next) {
  if (specifier in ours) return next(new URL(ours[specifier], import.meta.url).href, context);
  if (specifier.startsWith('.') && specifier.endsWith('.js') && isTypeScript(context.parentURL)) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return next(source.href, context);
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!isTypeScript(url)) return next(url, context);
  const { code } = await transform(await readFile(new URL(url), 'utf8'), {
    filename: fileURLToPath(url),
    swcrc: false,
    sourceMaps: 'inline',
    module,
    jsc,
  });
  return { format: 'module', source: code, shortCircuit: true };
}

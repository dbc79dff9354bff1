import { readFileSync } from 'node:fs';
import { transformSync } from '@swc/core';
import { MUTANTS } from './mutants.js';

const options = JSON.parse(readFileSync('.swcrc', 'utf8')) as object;

describe('The mutants of the fault suite', () => {
  it.each(MUTANTS)('$name changes what is there, each place exactly once', ({ file, changes }) => {
    const source = `libs/platform/src/${file.replace(/\.js$/, '.ts')}`;
    const { code } = transformSync(readFileSync(source, 'utf8'), { ...options, filename: source, sourceMaps: false });
    for (const [find] of changes) expect(code.split(find)).toHaveLength(2);
  });
});

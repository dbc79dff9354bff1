import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { APPLICATIONS } from './applications.js';

/** What a file of the bundle leads to, from its import on: the modules that were loaded one by one, by their packages. */
function loadedOneByOne(file: string): string[] {
  const script = `import { createRequire } from 'node:module';
    await import(${JSON.stringify(pathToFileURL(file).href)});
    console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const packageOf = (path: string) => /^(?:@[^/]+\/)?[^/]+/.exec(path.split('/node_modules/').at(-1)!)![0];
  return [...new Set((JSON.parse(stdout) as string[]).map(packageOf))];
}

describe('the bundle', () => {
  beforeAll(() => {
    const script = `import('./tools/setup.mjs').then(({ ensureBuild }) => ensureBuild())`;
    const { status, stderr } = spawnSync(process.execPath, ['--eval', script], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  }, 120_000);

  // A CommonJS package that is loaded beside the bundle may be there twice, with classes that do not know those of the other copy.
  it.each(APPLICATIONS)('%s loads no package beside it but those that cannot be in one', (name) => {
    const loaded = loadedOneByOne(`dist/bundle/apps/${name}/src/app.js`);
    // The native part has the name of its platform.
    const native = name === 'auth' ? /^(reflect-metadata|@node-rs\/argon2.*)$/ : /^reflect-metadata$/;
    expect(loaded.filter((each) => !native.test(each))).toEqual([]);
  });

  it('the launcher loads none at all', () => {
    expect(loadedOneByOne('dist/bundle/tools/launcher.js')).toEqual([]);
  });
});

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs the import rules over a small tree of its own. */
function violations(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'crm-imports-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    copyFileSync('.dependency-cruiser.cjs', join(folder, '.dependency-cruiser.cjs'));
    writeFileSync(join(folder, 'tsconfig.depcruise.json'), '{ "compilerOptions": { "module": "nodenext" } }');
    const run = spawnSync(
      process.execPath,
      [
        join(process.cwd(), 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
        'apps',
        'libs',
        '--output-type',
        'err',
      ],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    return `${run.status} ${run.stdout}${run.stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('The import rules', () => {
  const clean = {
    'apps/auth/src/app.ts': `import '../../../libs/platform/src/index.js';\n`,
    'apps/marketing/src/app.ts': 'export const marketing = 1;\n',
    'libs/platform/src/index.ts': `export * from '../../contracts/src/index.js';\n`,
    'libs/contracts/src/index.ts': 'export const contract = 1;\n',
  };

  it('are content with a tree whose imports go down', () => {
    expect(violations(clean)).toMatch(/no dependency violations found/);
  });

  it('refuse an import from one application to another', () => {
    const planted = { ...clean, 'apps/auth/src/app.ts': `import '../../marketing/src/app.js';\n` };
    expect(violations(planted)).toMatch(
      /^[1-9].*no-app-to-app: apps\/auth\/src\/app\.ts → apps\/marketing\/src\/app\.ts/s,
    );
  });

  it('refuse a gateway that reaches what is made for a database, directly or not', () => {
    const planted = {
      ...clean,
      'apps/gateway/src/app.ts': `import './proxy.js';\n`,
      'apps/gateway/src/proxy.ts': `import '../../../libs/platform/src/index.js';\n`,
    };
    expect(violations(planted)).toMatch(/gateway-has-no-database: apps\/gateway\/src\/app\.ts/);
  });

  it('refuse contracts and platform that reach up', () => {
    const planted = {
      ...clean,
      'libs/platform/src/index.ts': `import '../../../apps/marketing/src/app.js';\n`,
      'libs/contracts/src/index.ts': `import 'node:fs';\n`,
    };
    const found = violations(planted);
    expect(found).toMatch(/platform-knows-no-app/);
    expect(found).toMatch(/contracts-is-a-leaf/);
  });
});

// npm run docs: writes every generated file (tools/docs/generated-files.ts lists them); a test fails when one is stale.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild, ensureNode, ensurePackages, root, runScript } from './setup.mjs';

await runScript(async () => {
  ensureNode();
  await ensurePackages();
  await ensureBuild();
  const { writeGeneratedFiles } = await import('../dist/tools/docs/generated-files.js');
  const before = (path) => {
    try {
      return readFileSync(join(root, path), 'utf8');
    } catch {
      return undefined;
    }
  };
  const old = new Map(writeGeneratedFiles(root, before));
  const formatted = [...old.keys()].filter((path) => /\.(md|json)$/.test(path));
  const { status, stderr } = spawnSync(join(root, 'node_modules/.bin/oxfmt'), ['--write', ...formatted], { cwd: root });
  if (status !== 0) throw new Error(String(stderr));
  for (const [path, content] of old) if (before(path) !== content) console.log(`wrote ${path}`);
});

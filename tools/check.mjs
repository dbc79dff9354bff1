// npm run check: everything that is held about the code without running it, one line each; the first failure's output is shown whole.
import { spawnSync } from 'node:child_process';
import { ensureBuild, ensureNode, ensurePackages, root, runScript } from './setup.mjs';

const CHECKS = [
  ['format', 'oxfmt', '--check', '.'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['types', process.execPath, 'node_modules/typescript7/bin/tsc', '-p', '.', '--noEmit'],
  ['imports', 'depcruise', 'apps', 'libs', 'tools', '--output-type', 'err'],
  ['dead code', 'knip'],
];

await runScript(async () => {
  ensureNode();
  await ensurePackages();
  const env = { ...process.env, PATH: `${root}/node_modules/.bin:${process.env.PATH}` };
  let failed = 0;
  for (const [name, command, ...args] of CHECKS) {
    const begun = Date.now();
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: root,
      env,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    if (status === 0) console.log(`✔ ${name} (${seconds} s)`);
    else {
      failed += 1;
      console.error(`✖ ${name} (${seconds} s): ${[command, ...args].join(' ')}\n${stdout ?? ''}${stderr ?? ''}`);
    }
  }
  try {
    await ensureBuild();
    console.log('✔ build');
  } catch (error) {
    failed += 1;
    console.error(`✖ build: ${error.message}`);
  }
  if (failed > 0) process.exitCode = 1;
});

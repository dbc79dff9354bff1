// npm run rules: which tests name each rule of docs/rules.md; fails when one has none.
import { ensureBuild, ensureNode, ensurePackages, root, runScript } from './setup.mjs';

await runScript(async () => {
  ensureNode();
  await ensurePackages();
  await ensureBuild();
  const { ruleTable, ruleTests, withoutTest } = await import('../dist/tools/rules/rules.js');
  const found = ruleTests(root);
  console.log(ruleTable(found));
  const missing = withoutTest(found);
  if (missing.length === 0) return;
  console.error(`✖ without a test: ${missing.join(', ')}`);
  process.exitCode = 1;
});

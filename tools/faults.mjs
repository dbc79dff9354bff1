// npm run faults: breaks the running suite in every way of the fault table and checks what must hold. Rows of the long form are kept in docs/faults.md.
// --short: the most telling rows. --rows 4,6: single ones. --seed 7: the random choices of that run. --mutants [name]: the proof of the checker.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild, ensureNatsServer, ensureNode, ensurePackages, root, runScript } from './setup.mjs';

await runScript(async () => {
  const { values, positionals } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      rows: { type: 'string', default: '' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      mutants: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  ensureNode();
  await ensurePackages();
  process.env.NATS_SERVER_BIN = await ensureNatsServer();
  await ensureBuild();
  const { runFaults } = await import('../dist/tools/faults/run.js');
  const green = await runFaults({
    seed: Number(values.seed),
    short: values.short,
    rows: values.rows.split(',').filter(Boolean).map(Number),
    mutants: values.mutants ? positionals : undefined,
    docs: join(root, 'docs'),
  });
  if (!green) process.exitCode = 1;
});

// npm run bench: measures the product beside floors of the same work. --only http,events; --quick; --sizes 10000,100000.
import { platform } from 'node:os';
import { parseArgs } from 'node:util';
import {
  ensureBuild,
  ensureNatsServer,
  ensureNode,
  ensurePackages,
  ensureWrk,
  runScript,
  SetupError,
} from './setup.mjs';

await runScript(async () => {
  const options = { only: { type: 'string' }, sizes: { type: 'string' }, quick: { type: 'boolean' } };
  const { values } = parseArgs({ options });
  if (platform() !== 'linux')
    throw new SetupError('The benchmark reads processor times from /proc: it runs on Linux only.');
  ensureNode();
  await ensurePackages();
  // It fills the servers that it measures, so they are never those of somebody else.
  delete process.env.DATABASE_URL;
  delete process.env.NATS_URL;
  process.env.NATS_SERVER_BIN = await ensureNatsServer();
  process.env.WRK_BIN = await ensureWrk();
  await ensureBuild();
  const { runBenchmark } = await import('../dist/tools/bench/run.js');
  await runBenchmark(values);
});

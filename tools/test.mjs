// npm test: sets up what the tests need, then runs Jest with the given arguments.
import { spawn } from 'node:child_process';
import { ensureNatsServer, ensureNode, ensurePackages, root, runScript, whenAbandoned } from './setup.mjs';

await runScript(async () => {
  ensureNode();
  await ensurePackages();
  const env = { ...process.env };
  if (!env.TEST_NATS_URL) env.NATS_SERVER_BIN = await ensureNatsServer();
  const jest = spawn(process.execPath, ['node_modules/jest/bin/jest.js', ...process.argv.slice(2)], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  // Ctrl-C reaches Jest by itself; it stops the servers, and this waits for it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => jest.kill('SIGTERM'));
  whenAbandoned(() => jest.kill('SIGTERM'));
  process.exitCode = await new Promise((resolve) =>
    jest.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143))),
  );
});

// npm start: sets up what is missing, then starts the CRM. --demo adds demo users and data, --split runs one process per application.
import {
  ensureBuild,
  ensureNatsServer,
  ensureNode,
  ensurePackages,
  root,
  runScript,
  SetupError,
  whenAbandoned,
} from './setup.mjs';

await runScript(async () => {
  const flags = process.argv.slice(2);
  const unknown = flags.find((flag) => !['--demo', '--split'].includes(flag));
  if (unknown)
    throw new SetupError(
      `${unknown} is not known here: there are --demo (demo users and data) and --split (one process per application).`,
    );
  ensureNode();
  const env = { ...process.env };
  whenAbandoned(() => process.kill(process.pid, 'SIGTERM'));
  if (flags.includes('--demo')) env.CRM_DEMO = 'true';
  await ensurePackages();
  if (!env.NATS_URL) env.NATS_SERVER_BIN = await ensureNatsServer();
  await ensureBuild();
  const { launch } = await import('../dist/bundle/tools/launcher.js');
  await launch({ root, split: flags.includes('--split'), env });
});

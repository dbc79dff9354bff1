// Starts the servers of a test run; see test-servers.ts for what the tests find in their environment.
import { register } from 'node:module';

export default async function setup() {
  register('./ts-loader.mjs', import.meta.url);
  const { startTestServers } = await import('./test-servers.ts');
  globalThis.testServers = await startTestServers();
  Object.assign(process.env, globalThis.testServers.env);
}

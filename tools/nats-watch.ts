import { connect } from '@nats-io/transport-node';
import { inboxPrefix, type NatsUser } from '#contracts';
import type { Supervisor } from './supervisor.js';

/** The launcher's own NATS user, in the CRM's account: it may ask for the list of streams and nothing else. */
export const WATCHER: NatsUser = {
  user: 'launcher',
  publish: ['$JS.API.STREAM.LIST'],
  subscribe: [`${inboxPrefix('launcher')}.>`],
};

/** A broker that hangs is restarted within twice the sum of these. */
const ASK_EVERY = 2_000;
const ANSWER_WITHIN = 4_000;
const FAILURES_ALLOWED = 2;

/**
 * Restarts a broker that runs but no longer works. nats-server 2.9 that met a full disk hangs in its stream store while its health
 * page says ok; listing the streams goes through every store, so it hangs too.
 * @returns stops the watch
 */
export async function watchNats(
  supervisor: Supervisor,
  url: string,
  { user, password }: { user: string; password: string },
): Promise<() => Promise<void>> {
  const connection = await connect({
    servers: url,
    user,
    pass: password,
    name: 'launcher',
    inboxPrefix: inboxPrefix(user),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    waitOnFirstConnect: true,
  });
  let failures = 0;
  let asking = false;
  const ask = async () => {
    if (asking || supervisor.upFor < ASK_EVERY) return;
    asking = true;
    try {
      const answer = await connection.request('$JS.API.STREAM.LIST', '{}', { timeout: ANSWER_WITHIN });
      const { error } = answer.json<{ error?: { description: string } }>();
      if (error) throw new Error(error.description);
      failures = 0;
    } catch {
      failures += 1;
    } finally {
      asking = false;
    }
    if (failures < FAILURES_ALLOWED) return;
    failures = 0;
    supervisor.kill('does not answer');
  };
  const timer = setInterval(() => void ask(), ASK_EVERY);
  return async () => {
    clearInterval(timer);
    await connection.close();
  };
}

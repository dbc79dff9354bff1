import { ConfigError, type Environment } from '../config/load-config.js';
import type { Serve } from '../http/serve.js';

/** An application that runs; `stop` ends it cleanly: requests in flight are answered, what is in the outbox stays there. */
export interface RunningApp {
  readonly name: string;
  readonly url: string;
  /** Of a service: what the gateway may use in place of `url` when it runs in the same process. */
  readonly serve?: Serve;
  stop(): Promise<void>;
}

const STOP_WITHIN_MS = 25_000;

/** Runs one application as the main program of its process. */
export async function runMain(start: (environment: Environment) => Promise<RunningApp>): Promise<void> {
  let app: RunningApp;
  try {
    app = await start(process.env);
  } catch (error) {
    process.stderr.write(
      `${error instanceof ConfigError ? error.message : String((error as Error)?.stack ?? error)}\n`,
    );
    process.exit(error instanceof ConfigError ? 78 : 1);
  }
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    app.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

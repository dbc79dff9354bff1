import { setTimeout as sleep } from 'node:timers/promises';
import { type ProcessIdentity, isAlive } from './infra/processes.js';

/** A process that was started and can be stopped. */
export interface Running {
  readonly identity: ProcessIdentity;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

const LONGEST_PAUSE = 10_000;
/** What ran this long is taken to be well: its next end is answered at once again. */
const WELL_AFTER = 10_000;

/** Keeps one process running: starts it again at once when it dies, more and more slowly when it keeps dying. */
export class Supervisor {
  private running?: Running;
  private starting?: Promise<Running>;
  private upSince = 0;
  private readonly abort = new AbortController();
  private readonly stopping: AbortSignal;
  /** Ends in a row without having been well in between. */
  failures = 0;

  constructor(
    readonly name: string,
    private readonly launch: () => Promise<Running>,
    private readonly report: (line: string) => void,
    /** Aborted when everything is about to be stopped: nothing is started again from then on. */
    everything?: AbortSignal,
  ) {
    this.stopping = everything ? AbortSignal.any([everything, this.abort.signal]) : this.abort.signal;
  }

  /** Resolves when the process is up; from then on it is watched. @throws what `launch` throws at the first start */
  async start(): Promise<void> {
    await this.launchOnce();
    void this.watch();
  }

  /** Milliseconds that the process has been up. */
  get upFor(): number {
    return Date.now() - this.upSince;
  }

  /** Ends one that runs but no longer answers; the watch starts it again. */
  kill(reason: string): void {
    if (!this.running || this.stopping.aborted || !isAlive(this.running.identity)) return;
    this.report(`${this.name} ${reason}: it is restarted`);
    process.kill(this.running.identity.pid, 'SIGKILL');
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.starting?.catch(() => undefined);
    await this.running?.stop();
  }

  private async launchOnce(): Promise<void> {
    this.starting = this.launch();
    this.running = await this.starting;
    this.upSince = Date.now();
  }

  private async watch(): Promise<void> {
    for (;;) {
      await this.running?.ended;
      if (this.upFor > WELL_AFTER) this.failures = 0;
      // The first pause is long enough for a Ctrl-C, which ends everything together, to reach the launcher too.
      await this.pause(Math.min(LONGEST_PAUSE, 100 * 2 ** this.failures));
      if (this.stopping.aborted) return;
      this.failures += 1;
      this.report(`${this.name} has ended: it is started again`);
      await this.launchOnce().catch((error: Error) => {
        this.report(`${this.name}: ${error.message}`);
        this.upSince = Date.now();
      });
    }
  }

  private pause(milliseconds: number): Promise<void> {
    return sleep(milliseconds, undefined, { signal: this.stopping }).catch(() => undefined);
  }
}

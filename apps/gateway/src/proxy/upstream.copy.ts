import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Serve } from '#platform/without-database';
import { type Dispatcher, Pool } from 'undici';

const CONNECTIONS = 64;
const PROBE_MS = 250;
const PROBE_TIMEOUT_MS = 1000;
const FAILURES_TO_OPEN = 5;
/** A time-out has cost its client 10 s, a reset nothing: three in a row are enough. */
const WEIGHT_OF_TIMEOUT = 2;
/** Copies whose answers take less than this are equally good. */
const FAST_MS = 100;
const WEIGHT_OF_ANSWER = 0.3;
/** In this time a slow copy is half forgiven, so that it is tried again. */
const FORGIVEN_MS = 5000;
const SUSPECT_MS = 1000;
const SUSPECT_AFTER_TIMEOUT_MS = 10_000;

const NO_CONNECTION = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const RESET = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const TIMEOUT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

export interface SmallAnswer {
  readonly status: number;
  readonly body: string;
}

const codeOf = (error: Error): string => (error as NodeJS.ErrnoException).code ?? '';
/** The service never saw the request. */
export const isUnreachable = (error: Error): boolean => NO_CONNECTION.has(codeOf(error));
/** The service did not begin its answer in time. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';

  constructor() {
    super('the deadline passed before an answer began');
  }
}
const isTimeout = (error: Error): boolean => error instanceof DeadlinePassed || TIMEOUT.has(codeOf(error));
export const isReset = (error: Error): boolean => RESET.has(codeOf(error));

/**
 * One copy of a service: its connections, and a breaker. The breaker starts open and closes as soon as the copy says
 * that it is ready, which is asked four times a second while it is open. After a time-out it is asked once, too.
 */
export class UpstreamCopy {
  private readonly pool: Pool;
  /** Connections of the gateway's own questions, so that they never wait behind clients. */
  private readonly own: Pool;
  private open = true;
  private requests = 0;
  private failures = 0;
  private suspectUntil = 0;
  private meanMs = 0;
  private meanAt = 0;
  /** Since then it has been asked and has not answered. */
  private silentSince = 0;
  private probing?: Promise<void>;
  private examining?: Promise<void>;
  private readonly stopping = new AbortController();

  constructor(
    readonly url: string,
    private readonly changed: (copy: UpstreamCopy, available: boolean) => void,
    /** When it runs in this process. */
    private readonly serve?: Serve,
  ) {
    this.pool = new Pool(url, {
      connections: CONNECTIONS,
      connect: { timeout: 1000 },
      headersTimeout: 10_000,
      bodyTimeout: 30_000,
    });
    this.own = new Pool(url, { connections: 2, connect: { timeout: 1000 } });
    this.probe();
  }

  get available(): boolean {
    return !this.open && this.requests < CONNECTIONS;
  }

  /** Requests that it has not answered in full; of one that is out of order, nobody has to wait for those. */
  get inFlight(): number {
    return this.open ? 0 : this.requests;
  }

  /** It failed a moment ago; another copy is better. */
  get suspect(): boolean {
    return this.suspectUntil > 0 && this.suspectUntil > Date.now();
  }

  /** Milliseconds that one more request would have to expect, were those in flight answered one after the other. */
  get burden(): number {
    // Of a copy that hangs nothing else is known for the first ten seconds.
    const silentMs = this.requests > 0 ? performance.now() - this.silentSince : 0;
    return (this.requests + 1) * Math.max(FAST_MS, this.expectedMs, silentMs);
  }

  /** So many milliseconds were waited in vain. */
  tookAtLeast(ms: number): void {
    if (ms > this.expectedMs) this.took(ms);
  }

  /** An answer took it so many milliseconds. */
  took(ms: number): void {
    this.meanMs = this.expectedMs + WEIGHT_OF_ANSWER * (ms - this.expectedMs);
    this.meanAt = performance.now();
    this.silentSince = this.meanAt;
  }

  private get expectedMs(): number {
    return this.meanMs * 2 ** ((this.meanAt - performance.now()) / FORGIVEN_MS);
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.count();
    this.pool.dispatch(options, handler);
  }

  get isNeighbour(): boolean {
    return this.serve !== undefined;
  }

  /** Lets a neighbour answer the client by itself. */
  handOver(request: IncomingMessage, answer: ServerResponse, body: Buffer | null): void {
    this.count();
    this.serve!(request, answer, body);
  }

  private count(): void {
    if (this.requests++ === 0) this.silentSince = performance.now();
  }

  /** Has to be called once for each request that it was given, whatever became of it. */
  release(): void {
    this.requests--;
  }

  succeeded(): void {
    this.failures = 0;
  }

  failed(error: Error): void {
    const timeout = isTimeout(error);
    this.failures += timeout ? WEIGHT_OF_TIMEOUT : 1;
    this.suspectUntil = Date.now() + (timeout ? SUSPECT_AFTER_TIMEOUT_MS : SUSPECT_MS);
    if (isUnreachable(error) || this.failures >= FAILURES_TO_OPEN) this.trip();
    else if (timeout) this.examine();
  }

  /** A small read for the gateway itself; the breaker has no say in it. */
  async get(path: string, headers: Record<string, string>, timeout: number, signal: AbortSignal): Promise<SmallAnswer> {
    // The pool's own timeouts are exact to a second only.
    const attempt = new AbortController();
    const giveUp = () => attempt.abort();
    const timer = setTimeout(giveUp, timeout);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    try {
      const { statusCode, body } = await this.own.request({ path, method: 'GET', headers, signal: attempt.signal });
      return { status: statusCode, body: await body.text() };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.probing, this.examining]);
    await Promise.all([this.pool.destroy(), this.own.destroy()]);
  }

  /** A slow answer may be the request's own; a copy that does not say either that it is ready costs no second client 10 s. */
  private examine(): void {
    this.examining ??= this.isReady().then((ready) => {
      this.examining = undefined;
      if (!ready && !this.stopping.signal.aborted) this.trip();
    });
  }

  private trip(): void {
    if (this.open) return;
    this.open = true;
    this.changed(this, false);
    this.probe();
  }

  private probe(): void {
    this.probing = this.probeUntilReady();
  }

  private async probeUntilReady(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      if (await this.isReady()) {
        this.open = false;
        this.failures = 0;
        this.suspectUntil = 0;
        this.changed(this, true);
        return;
      }
      await pause(PROBE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async isReady(): Promise<boolean> {
    try {
      return (await this.get('/health/ready', {}, PROBE_TIMEOUT_MS, this.stopping.signal)).status === 200;
    } catch {
      return false;
    }
  }
}

import { CrmError } from '#contracts';
import type { Upstream } from './upstream.js';
import type { Upstreams } from './upstreams.js';

/** Of the places at one service: as many has each although the others have taken all, which together have half as many again. */
const RESERVED = 1 / 4;
const AT_ALL = 3 / 2;
const TICK_MS = 50;
const LATE_MS = 100;
/**
 * A process that is late although little is asked of it shares a busy machine; refusing would not help it. So many requests, as a part of
 * the places, are much for two intervals that are just late. What waits for a slow service is no work.
 */
const BUSY = 1 / 2;
const BUSY_WITHIN_MS = 2 * (TICK_MS + LATE_MS);
/** Made once: under overload most of the work is refusing. */
const OVERLOADED = new CrmError('service-unavailable', { seconds: 1 });

/**
 * Refuses what would have to wait, so that what is admitted is served as fast as ever. By Little's law the time of a
 * request is that of one in flight times their number: the number is bounded, and nothing queues beyond it. A bulkhead
 * (Nygard, "Release It!") for each service keeps a slow one from taking all places. The bounds do not follow latency:
 * 64 clients that ask in turn are no overload though each waits 64 times as long, and reports are slow by nature.
 */
export class Admission {
  private readonly timer = setInterval(() => this.tick(), TICK_MS).unref();
  private due = performance.now() + TICK_MS;
  private lateTicks = 0;
  /** Requests since the last tick, and between the two before it. */
  private asked = 0;
  private askedBefore = 0;
  private countedSince = performance.now();

  /** `places`: requests at one service at a time. */
  constructor(
    private readonly upstreams: Upstreams,
    private readonly places: number,
  ) {}

  /** Counts a request. Throws 503 where there is no place at the service, or when this process can't keep up with reading requests. */
  enter(upstream?: Upstream): void {
    this.asked++;
    this.check(upstream);
  }

  /** Once more, when it has been found out who asks. Throws as `enter`. */
  check(upstream?: Upstream): void {
    if (this.lags || (upstream && this.full(upstream))) throw OVERLOADED;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private full({ inFlight }: Upstream): boolean {
    return (
      inFlight >= this.places || (inFlight >= RESERVED * this.places && this.upstreams.inFlight >= AT_ALL * this.places)
    );
  }

  /** Late twice in a row, the turn of the event loop that still runs included: one pause is no overload. */
  private get lags(): boolean {
    const late = this.lateTicks > 1 || (this.lateTicks === 1 && performance.now() - this.due > LATE_MS);
    if (!late) return false;
    const took = Math.max(BUSY_WITHIN_MS, performance.now() - this.countedSince);
    return this.asked + this.askedBefore >= (BUSY * this.places * took) / BUSY_WITHIN_MS;
  }

  private tick(): void {
    const now = performance.now();
    this.lateTicks = now - this.due > LATE_MS ? this.lateTicks + 1 : 0;
    this.countedSince = this.due - TICK_MS;
    this.due = now + TICK_MS;
    this.askedBefore = this.asked;
    this.asked = 0;
  }
}

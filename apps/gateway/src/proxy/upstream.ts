import { CrmError, type ServiceName } from '#contracts';
import type { Logger, Neighbours } from '#platform/without-database';
import { type SmallAnswer, UpstreamCopy } from './upstream.copy.js';

/** Short, because the gateway has to know of a logout within 2 s although a copy hangs. */
const GET_TIMEOUT_MS = 500;

/** More than any burden. */
const SUSPECT = 1e9;
const EXCEPT = 2 * SUSPECT;

/** A service behind the gateway, with its copies sharing the work. */
export class Upstream {
  private readonly copies: readonly UpstreamCopy[];
  private turn = 0;
  private lastAnswered = 0;
  private ready = false;

  constructor(
    readonly service: ServiceName,
    urls: readonly string[],
    logger: Logger,
    neighbours: Neighbours = new Map(),
  ) {
    this.copies = urls.map(
      (url) =>
        new UpstreamCopy(
          url,
          (copy, available) => {
            this.ready ||= available;
            if (available) logger.info({ upstream: service, copy: copy.url }, 'upstream is ready');
            else logger.warn({ upstream: service, copy: copy.url }, 'upstream is down');
          },
          neighbours.get(url),
        ),
    );
  }

  /** Whether it was ready once; it stays so. */
  get wasReady(): boolean {
    return this.ready;
  }

  /** Requests that its copies have not answered in full. */
  get inFlight(): number {
    let sum = 0;
    for (const copy of this.copies) sum += copy.inFlight;
    return sum;
  }

  /**
   * The copy with the least burden, by its requests in flight and by how long its answers take, so that a slow one gets few; among
   * equals they take turns. One that is suspect, and `except`, only when there is no other. Throws 503 when none can.
   */
  pick(except?: UpstreamCopy): UpstreamCopy {
    const { length } = this.copies;
    const first = this.turn++;
    let best: UpstreamCopy | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let step = 0; step < length; step++) {
      const copy = this.copies[(first + step) % length]!;
      if (!copy.available) continue;
      const burden = copy.burden + (copy.suspect ? SUSPECT : 0) + (copy === except ? EXCEPT : 0);
      if (burden >= least) continue;
      best = copy;
      least = burden;
    }
    if (best) return best;
    throw new CrmError('service-unavailable', { seconds: 1 });
  }

  /** A small read for the gateway itself: from the copy that answered last, or else from the next that does. */
  async get(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<SmallAnswer> {
    const { length } = this.copies;
    const first = this.lastAnswered;
    let failure: unknown;
    for (let step = 0; step < length; step++) {
      const index = (first + step) % length;
      try {
        const answer = await this.copies[index]!.get(path, headers, GET_TIMEOUT_MS, signal);
        if (answer.status < 500) {
          this.lastAnswered = index;
          return answer;
        }
        failure = new Error(`${this.service} answered ${answer.status}`);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async stop(): Promise<void> {
    await Promise.all(this.copies.map((copy) => copy.stop()));
  }
}

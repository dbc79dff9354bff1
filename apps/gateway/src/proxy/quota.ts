import { CrmError } from '#contracts';
import type { ServerResponse } from 'node:http';

/** The client went away; there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** How much of something is in use at this moment, bounded for each key and in all. */
export class Quota {
  private readonly held = new Map<string, number>();
  private sum = 0;

  constructor(
    private readonly forEach: number,
    private readonly inAll = Number.POSITIVE_INFINITY,
  ) {}

  /**
   * What the returned function takes for `key` is given back when `answer` closes. It throws 429 when the key would
   * hold too much, 503 when all would.
   */
  until(answer: ServerResponse, key: string): (amount: number) => void {
    let taken = 0;
    answer.once('close', () => this.giveBack(key, taken));
    return (amount) => {
      if (answer.destroyed) throw new ClientGone();
      this.take(key, amount);
      taken += amount;
    };
  }

  private take(key: string, amount: number): void {
    const held = (this.held.get(key) ?? 0) + amount;
    if (held > this.forEach) throw new CrmError('too-many-requests', { seconds: 1 });
    if (this.sum + amount > this.inAll) throw new CrmError('service-unavailable', { seconds: 1 });
    this.held.set(key, held);
    this.sum += amount;
  }

  private giveBack(key: string, amount: number): void {
    if (amount === 0) return;
    const left = this.held.get(key)! - amount;
    if (left > 0) this.held.set(key, left);
    else this.held.delete(key);
    this.sum -= amount;
  }
}

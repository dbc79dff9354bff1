import { Injectable } from '@nestjs/common';
import type { ConsumerState } from './jetstream-transport.js';

/** How far behind the events this service is: the reports of a stopped broker say how old they are (REP-8). */
@Injectable()
export class ProjectionLag {
  private states: ReadonlyMap<string, ConsumerState> = new Map();
  private readonly startedAt = Date.now();

  follow(states: ReadonlyMap<string, ConsumerState>): void {
    this.states = states;
  }

  /** `asOf`: all events up to then are counted. Looked at each second, so a lag below that shows as 0. */
  current(): { asOf: string; lagMs: number } {
    const known = [...this.states.values()].map((state) => state.asOf || this.startedAt);
    const asOf = Math.min(Date.now(), ...known);
    const lag = Date.now() - asOf;
    return { asOf: new Date(asOf).toISOString(), lagMs: lag < 2000 ? 0 : lag };
  }

  get caughtUp(): boolean {
    return [...this.states.values()].every((state) => state.caughtUp);
  }
}

import { Injectable } from '@nestjs/common';
import { AccessCopy } from '../access/access.copy.js';
import { Upstreams } from '../proxy/upstreams.js';

/** Ready once every service was ready once and the access rights are here; a service that goes down later changes nothing. */
@Injectable()
export class Readiness {
  private ending = false;

  constructor(
    private readonly upstreams: Upstreams,
    private readonly access: AccessCopy,
  ) {}

  /** What is still missing; empty when ready. */
  get waitingFor(): string[] {
    if (this.ending) return ['stopping'];
    return [...this.upstreams.missing, ...(this.access.present ? [] : ['access rights'])];
  }

  get stopping(): boolean {
    return this.ending;
  }

  /** From now on load balancers are told to go elsewhere. */
  stop(): void {
    this.ending = true;
  }
}

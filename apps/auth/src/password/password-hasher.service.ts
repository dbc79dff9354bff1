import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Algorithm, hash, verify } from '@node-rs/argon2';
import { CrmError } from '#contracts';

/** argon2id, OWASP's minimum; the one place where the cost is set. `memoryCost` in KiB. */
const COST = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const AT_ONCE = 2;
const WAITING = 20;

/** The only place that hashes passwords. Two at once, twenty may wait, more are turned away: a flood of logins can't take the processor. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private running = 0;
  private readonly waiting: Array<() => void> = [];
  private nobody!: string;

  /** Nobody's password: verified against when there is no such user, so that the answer takes as long. */
  async onModuleInit(): Promise<void> {
    this.nobody = await hash(randomBytes(32), COST);
  }

  /** Throws `service-unavailable` when too many wait. */
  hash(password: string): Promise<string> {
    return this.limited(() => hash(password, COST));
  }

  /** False when there is no hash, after the same work. Throws `service-unavailable` when too many wait. */
  async verify(password: string, stored: string | undefined): Promise<boolean> {
    const matches = await this.limited(() => verify(stored ?? this.nobody, password));
    return matches && stored !== undefined;
  }

  private async limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < AT_ONCE) this.running++;
    else {
      if (this.waiting.length >= WAITING) throw new CrmError('service-unavailable', { seconds: 1 });
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}

import { Injectable } from '@nestjs/common';
import { CrmError } from '#contracts';
import { AccessCopy } from './access.copy.js';
import type { Principal } from './access.state.js';
import { AccessTokenStrategy, type Claims } from './access-token.strategy.js';
import type { AssertionHolder } from './assertion.signer.js';

const MAX_KEPT_TOKENS = 20_000;
const BEARER = /^Bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;

interface KnownToken extends AssertionHolder {
  readonly claims: Claims;
}

/** Who asks, proven by a token that was good at this very moment. */
export interface Caller {
  readonly principal: Principal;
  readonly holder: AssertionHolder;
}

/** From the Authorization header to the caller. Signatures are checked once per token, everything that can change each time. */
@Injectable()
export class Authenticator {
  private readonly tokens = new Map<string, KnownToken>();

  constructor(
    private readonly access: AccessCopy,
    private readonly strategy: AccessTokenStrategy,
  ) {}

  /**
   * The caller by a token that was checked before; undefined for any other. Throws `unauthenticated` when it is good no
   * more, or 503 while the copy of the access rights is not there yet.
   */
  known(authorization: string | undefined): Caller | undefined {
    const state = this.access.current;
    const token = tokenIn(authorization);
    const known = token && this.tokens.get(token);
    return known ? this.admit(known, state) : undefined;
  }

  /** The caller by a token that comes for the first time. Throws `unauthenticated`. */
  async meet(authorization: string | undefined): Promise<Caller> {
    const token = tokenIn(authorization);
    if (!token) throw new CrmError('unauthenticated');
    const claims = await this.strategy.read(token);
    if (!claims) throw new CrmError('unauthenticated');
    const known: KnownToken = { claims, ...(claims.sid ? { sessionId: claims.sid } : {}), assertions: new Map() };
    const caller = this.admit(known, this.access.current);
    if (this.tokens.size >= MAX_KEPT_TOKENS) this.forgetOldest();
    this.tokens.set(token, known);
    return caller;
  }

  private admit(known: KnownToken, state = this.access.current): Caller {
    const { claims } = known;
    const principal = state.principals.get(claims.sub);
    if (
      !principal?.active ||
      claims.exp * 1000 <= Date.now() ||
      claims.iat < principal.sessionsValidFrom ||
      !state.keys.has(claims.kid) ||
      (principal.kind === 'user' && !claims.sid) ||
      (claims.sid && state.revokedSessions.has(claims.sid))
    )
      throw new CrmError('unauthenticated');
    return { principal, holder: known };
  }

  private forgetOldest(): void {
    for (const token of this.tokens.keys()) {
      this.tokens.delete(token);
      if (this.tokens.size < MAX_KEPT_TOKENS) return;
    }
  }
}

const tokenIn = (authorization = ''): string | undefined => BEARER.exec(authorization)?.[1];

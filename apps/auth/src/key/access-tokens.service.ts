import { Inject, Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { v7 } from 'uuid';
import type { AuthConfig } from '../auth.config.js';
import { AUTH_CONFIG } from '../auth.tokens.js';
import { SigningKeys, TOKEN_ALGORITHM, TOKEN_LIFETIME } from './signing-keys.service.js';

const AUDIENCE = 'crm';

export interface TokenSubject {
  readonly id: string;
  readonly name: string;
  /** The login session, for people. */
  readonly sessionId?: string;
}

@Injectable()
export class AccessTokens {
  constructor(
    private readonly keys: SigningKeys,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** A JWT for 15 minutes. It says who, never what they may do: that is looked up live. */
  async issue({ id, name, sessionId }: TokenSubject) {
    const { kid, key, now } = await this.keys.current();
    const accessToken = await new SignJWT({ name, ...(sessionId && { sid: sessionId }) })
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid, typ: 'at+jwt' })
      .setIssuer(this.config.TOKEN_ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(id)
      .setIssuedAt(now)
      .setExpirationTime(now + TOKEN_LIFETIME)
      .setJti(v7())
      .sign(key);
    return { accessToken, tokenType: 'Bearer' as const, expiresIn: TOKEN_LIFETIME };
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { z } from 'zod';
import { GatewayConfig } from '../gateway.config.js';
import { GATEWAY_CONFIG } from '../gateway.tokens.js';
import { AccessCopy } from './access.copy.js';

const TOKEN_AUDIENCE = 'crm';
const ALGORITHM = 'ES256';
const MAX_TOKEN_LENGTH = 4096;

const Header = z.object({
  alg: z.literal(ALGORITHM),
  typ: z.literal('at+jwt'),
  kid: z.string(),
  crit: z.undefined().optional(),
});
const Claims = z.object({
  sub: z.uuid(),
  sid: z.uuid().optional(),
  iat: z.int(),
  exp: z.int(),
  jti: z.string().min(1),
});
export type Claims = z.infer<typeof Claims> & { readonly kid: string };

/** Reads an access token: signature by a key of auth's, ES256 only, and every claim that RFC 9068 asks for. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, 'access-token') {
  constructor(access: AccessCopy, @Inject(GATEWAY_CONFIG) config: GatewayConfig) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      algorithms: [ALGORITHM],
      issuer: config.TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      secretOrKeyProvider: (_request, token: string, done) => {
        const header = headerOf(token);
        const key = header && access.current.keys.get(header.kid);
        // The typings know text keys only; a KeyObject is accepted and spares parsing PEM for each token.
        if (key) done(null, key as unknown as Buffer);
        else done(new Error('the token names no key of ours'));
      },
    });
  }

  validate(claims: unknown): Omit<Claims, 'kid'> | null {
    return Claims.safeParse(claims).data ?? null;
  }

  /** The claims of a good token, undefined for any other. */
  read(token: string): Promise<Claims | undefined> {
    const kid = headerOf(token)?.kid;
    if (!kid) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      // As passport does it: one object per attempt, with the strategy as prototype and the outcomes as methods.
      const attempt = Object.assign(Object.create(this) as this, {
        success: (claims: Omit<Claims, 'kid'>) => resolve({ ...claims, kid }),
        fail: () => resolve(undefined),
        error: reject,
      });
      (attempt as unknown as { authenticate(request: object, options: object): void }).authenticate(
        { headers: { authorization: `Bearer ${token}` } },
        {},
      );
    });
  }
}

function headerOf(token: string): z.infer<typeof Header> | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
    return Header.safeParse(header).data;
  } catch {
    return undefined;
  }
}

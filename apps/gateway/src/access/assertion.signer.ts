import { Inject, Injectable } from '@nestjs/common';
import {
  type Actor,
  ASSERTION_ISSUER,
  ASSERTION_LIFETIME,
  type GrantedRights,
  type Right,
  RIGHTS,
  ROUTES,
  SERVICES,
  type ServiceName,
} from '#contracts';
import { type CryptoKey, importJWK, SignJWT } from 'jose';
import { GatewayConfig } from '../gateway.config.js';
import { GATEWAY_CONFIG } from '../gateway.tokens.js';

/** An assertion is renewed this many seconds before it ends. */
const RENEW_BEFORE = 15;
const NOBODY = '00000000-0000-0000-0000-000000000000';

interface Assertion {
  readonly actor: Omit<Actor, 'sessionId'>;
  readonly jwt: string;
  readonly renewAt: number;
}

/** Whoever asserted requests are made for: a session, a service account, nobody, or the gateway. */
export interface AssertionHolder {
  readonly sessionId?: string;
  readonly assertions: Map<ServiceName, Assertion>;
}

/** Says to a service who asks and what they may do there. A service believes nothing else. */
@Injectable()
export class AssertionSigner {
  private readonly kid: string;
  private readonly key: Promise<CryptoKey | Uint8Array>;
  private readonly rightsOf = new Map(SERVICES.map((service) => [service, rightsUsedBy(service)]));
  private readonly anonymousHolder: AssertionHolder = { assertions: new Map() };
  private readonly gatewayHolder: AssertionHolder = { assertions: new Map() };
  private readonly anonymousActor: Actor = { id: NOBODY, name: 'anonymous', kind: 'anonymous', rights: {} };
  private readonly gatewayActor: Actor = { id: NOBODY, name: 'gateway', kind: 'gateway', rights: {} };

  constructor(@Inject(GATEWAY_CONFIG) config: GatewayConfig) {
    this.kid = config.GATEWAY_SIGNING_KEY.kid;
    this.key = importJWK(config.GATEWAY_SIGNING_KEY, 'EdDSA');
  }

  gateway(service: ServiceName): string | Promise<string> {
    return this.assertion(this.gatewayHolder, this.gatewayActor, service);
  }

  anonymous(service: ServiceName): string | Promise<string> {
    return this.assertion(this.anonymousHolder, this.anonymousActor, service);
  }

  /** The holder's assertion for `service`: the kept one while it is good and `actor` is still the same object. */
  assertion(holder: AssertionHolder, actor: Assertion['actor'], service: ServiceName): string | Promise<string> {
    const kept = holder.assertions.get(service);
    if (kept && kept.actor === actor && kept.renewAt > Date.now()) return kept.jwt;
    return this.sign(holder, actor, service);
  }

  private async sign(holder: AssertionHolder, actor: Assertion['actor'], service: ServiceName): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const rights = this.trim(actor.rights, service);
    const jwt = await new SignJWT({
      name: actor.name,
      kind: actor.kind,
      rights,
      ...(holder.sessionId ? { sid: holder.sessionId } : {}),
    })
      .setProtectedHeader({ alg: 'EdDSA', kid: this.kid, typ: 'crm-assertion+jwt' })
      .setIssuer(ASSERTION_ISSUER)
      .setAudience(service)
      .setSubject(actor.id)
      .setIssuedAt(now)
      .setExpirationTime(now + ASSERTION_LIFETIME)
      .sign(await this.key);
    holder.assertions.set(service, { actor, jwt, renewAt: (now + ASSERTION_LIFETIME - RENEW_BEFORE) * 1000 });
    return jwt;
  }

  /** A service learns only of the rights that its own routes ask for, which also keeps the header small. */
  private trim(rights: GrantedRights, service: ServiceName): GrantedRights {
    const used = this.rightsOf.get(service);
    return Object.fromEntries(Object.entries(rights).filter(([right]) => used?.has(right as Right)));
  }
}

function rightsUsedBy(service: ServiceName): ReadonlySet<Right> {
  const used = ROUTES.filter((route) => route.service === service).flatMap(({ access, shownBy = [] }) => [
    access,
    ...shownBy,
  ]);
  return new Set(used.filter((access): access is Right => access in RIGHTS));
}

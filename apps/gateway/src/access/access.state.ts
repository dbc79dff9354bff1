import { type AccessSnapshot, combineGrants, type GrantedRights } from '#contracts';
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** A person or another system, with everything that their roles and own grants allow. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly kind: 'user' | 'service-account';
  readonly active: boolean;
  readonly mustChangePassword: boolean;
  /** Tokens issued before this second of 1970 are refused. */
  readonly sessionsValidFrom: number;
  readonly rights: GrantedRights;
}

interface PublicKey {
  readonly kid: string;
  readonly key: KeyObject;
  readonly jwk: JsonWebKey;
}

/** One revision of what auth knows, in the form in which each request asks for it. */
export class AccessState {
  private constructor(
    readonly revision: number,
    readonly keys: ReadonlyMap<string, KeyObject>,
    readonly jwks: { readonly keys: readonly JsonWebKey[] },
    readonly principals: ReadonlyMap<string, Principal>,
    readonly revokedSessions: ReadonlySet<string>,
  ) {}

  /** A principal that did not change stays the same object, so that assertions made for it stay good. */
  static of(snapshot: AccessSnapshot, before?: AccessState): AccessState {
    const keys = snapshot.keys.map(publicKey).filter((key) => key !== undefined);
    const grants = new Map(snapshot.roles.map((role) => [role.code, role.grants]));
    const principals = snapshot.principals.map((entry): Principal => {
      const { roles, grants: own, ...rest } = entry;
      const principal = {
        ...rest,
        rights: combineGrants([...roles.flatMap((role) => grants.get(role) ?? []), ...own]),
      };
      const known = before?.principals.get(entry.id);
      return known && JSON.stringify(known) === JSON.stringify(principal) ? known : principal;
    });
    return new AccessState(
      snapshot.revision,
      new Map(keys.map(({ kid, key }) => [kid, key])),
      { keys: keys.map(({ jwk }) => jwk) },
      new Map(principals.map((principal) => [principal.id, principal])),
      new Set(snapshot.revokedSessions),
    );
  }
}

/** Only P-256 keys can sign access tokens, and only their public members are served on. */
function publicKey({ kty, crv, x, y, kid }: Record<string, unknown>): PublicKey | undefined {
  if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string' || typeof kid !== 'string')
    return undefined;
  const jwk = { kty, crv, x, y };
  return { kid, key: createPublicKey({ key: jwk, format: 'jwk' }), jwk: { ...jwk, kid, alg: 'ES256', use: 'sig' } };
}

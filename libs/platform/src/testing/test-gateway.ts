import {
  type Actor,
  ASSERTION_HEADER,
  ASSERTION_ISSUER,
  ASSERTION_LIFETIME,
  combineGrants,
  SEEDED_ROLES,
  SERVICES,
} from '#contracts';
import { generateKeyPairSync, sign } from 'node:crypto';
import supertest from 'supertest';

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signs assertions as the gateway does, for tests that speak to one service directly. */
export class TestGateway {
  private readonly keys = generateKeyPairSync('ed25519');

  /** The value of GATEWAY_PUBLIC_KEYS. */
  get publicKeys(): string {
    return JSON.stringify({ keys: [{ ...this.keys.publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'EdDSA' }] });
  }

  assertion(service: (typeof SERVICES)[number], actor: Actor, claims: object = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const head = base64url({ alg: 'EdDSA', kid: 'test', typ: 'crm-assertion+jwt' });
    const body = base64url({
      iss: ASSERTION_ISSUER,
      aud: service,
      sub: actor.id,
      name: actor.name,
      kind: actor.kind,
      rights: actor.rights,
      sid: actor.sessionId,
      iat: now,
      exp: now + ASSERTION_LIFETIME,
      ...claims,
    });
    return `${head}.${body}.${sign(null, Buffer.from(`${head}.${body}`), this.keys.privateKey).toString('base64url')}`;
  }

  /** A client that asks `service` as this person. */
  agent(url: string, service: (typeof SERVICES)[number], actor: Actor): ReturnType<typeof supertest.agent> {
    return supertest.agent(url).set(ASSERTION_HEADER, this.assertion(service, actor));
  }
}

/** A person with the rights of a seeded role. */
export function personWith(role: string, id: string, name: string): Actor {
  const seeded = SEEDED_ROLES.find((each) => each.code === role);
  if (!seeded) throw new Error(`There is no role ${role}`);
  return { id, name, kind: 'user', rights: combineGrants(seeded.grants) };
}

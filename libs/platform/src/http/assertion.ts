import { type Actor, ASSERTION_ISSUER, CrmError } from '#contracts';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';

interface Known {
  readonly actor: Actor;
  readonly expires: number;
}
const MOST_KNOWN = 5000;
const NOBODY = new CrmError('unauthenticated');

/** Reads the gateway's signed statement of who asks. Verified once per statement, its end is checked each time. */
export class AssertionVerifier {
  private readonly keys: ReturnType<typeof createLocalJWKSet>;
  private readonly known = new Map<string, Known>();

  constructor(
    keys: JSONWebKeySet,
    private readonly audience: string,
  ) {
    this.keys = createLocalJWKSet(keys);
  }

  /** @throws CrmError unauthenticated */
  async verify(assertion: unknown): Promise<Actor> {
    if (typeof assertion !== 'string' || assertion.length > 8192) throw NOBODY;
    const now = Date.now();
    const before = this.known.get(assertion);
    if (before) {
      if (before.expires > now) return before.actor;
      this.known.delete(assertion);
      throw NOBODY;
    }
    const { payload } = await jwtVerify(assertion, this.keys, {
      algorithms: ['EdDSA'],
      issuer: ASSERTION_ISSUER,
      audience: this.audience,
      typ: 'crm-assertion+jwt',
      requiredClaims: ['sub', 'exp', 'kind', 'rights'],
    }).catch(() => {
      throw NOBODY;
    });
    const actor: Actor = {
      id: payload.sub!,
      name: typeof payload.name === 'string' ? payload.name : '',
      kind: payload.kind as Actor['kind'],
      rights: payload.rights as Actor['rights'],
      sessionId: typeof payload.sid === 'string' ? payload.sid : undefined,
    };
    if (this.known.size >= MOST_KNOWN) this.known.delete(this.known.keys().next().value!);
    this.known.set(assertion, { actor, expires: payload.exp! * 1000 });
    return actor;
  }
}

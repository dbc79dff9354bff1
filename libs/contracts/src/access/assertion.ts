import type { GrantedRights } from './rights.js';

/** The header in which the gateway tells a service who is asking. */
export const ASSERTION_HEADER = 'x-crm-assertion';
export const ASSERTION_ISSUER = 'crm-gateway';
/** An assertion is good for this long, in seconds. */
export const ASSERTION_LIFETIME = 60;
/** The client's address, as the gateway saw it; counts only beside a valid assertion. */
export const CLIENT_ADDRESS_HEADER = 'x-crm-client-address';

/** Who asks: a person, another system, or the gateway itself. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly kind: 'user' | 'service-account' | 'gateway' | 'anonymous';
  readonly rights: GrantedRights;
  /** The login session, for people. */
  readonly sessionId?: string;
}

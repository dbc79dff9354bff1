import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../auth.config.js';
import { AUTH_CONFIG } from '../auth.tokens.js';

const IV = 12;
const TAG = 16;

/** What is done with SIGNING_KEY_SECRET; each use has a key of its own, derived from it. */
@Injectable()
export class SecretBox {
  private readonly sealing: Buffer;
  private readonly deriving: Buffer;

  constructor(@Inject(AUTH_CONFIG) config: Pick<AuthConfig, 'SIGNING_KEY_SECRET'>) {
    const derive = (use: string) => Buffer.from(hkdfSync('sha256', config.SIGNING_KEY_SECRET, 'crm-auth', use, 32));
    this.sealing = derive('signing-keys');
    this.deriving = derive('refresh-successors');
  }

  /** AES-256-GCM; `label` is authenticated with it. */
  seal(plain: string, label: string): Buffer {
    const iv = randomBytes(IV);
    const cipher = createCipheriv('aes-256-gcm', this.sealing, iv).setAAD(Buffer.from(label));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
  }

  /** Throws when the secret or the label is another one, or a byte was changed. */
  open(sealed: Buffer, label: string): string {
    const decipher = createDecipheriv('aes-256-gcm', this.sealing, sealed.subarray(0, IV), { authTagLength: TAG });
    decipher.setAAD(Buffer.from(label)).setAuthTag(sealed.subarray(IV, IV + TAG));
    return Buffer.concat([decipher.update(sealed.subarray(IV + TAG)), decipher.final()]).toString('utf8');
  }

  /** The refresh token that follows `token`; whoever has only hashes, or only the secret, can't make it. */
  successor(token: string): string {
    return createHmac('sha256', this.deriving).update(token).digest('base64url');
  }
}

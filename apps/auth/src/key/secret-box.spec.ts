import { describe, expect, it } from '@jest/globals';
import { SecretBox } from './secret-box.js';

describe('SecretBox', () => {
  const box = new SecretBox({ SIGNING_KEY_SECRET: 'a'.repeat(32) });

  it('AUT-5: private keys are stored encrypted, and open only under their own secret and label', () => {
    const sealed = box.seal('private key', 'kid-1');
    expect(sealed.toString('latin1')).not.toContain('private key');
    expect(box.open(sealed, 'kid-1')).toBe('private key');
    expect(() => box.open(sealed, 'kid-2')).toThrow(/unable to authenticate/);
    expect(() => new SecretBox({ SIGNING_KEY_SECRET: 'b'.repeat(32) }).open(sealed, 'kid-1')).toThrow(
      /unable to authenticate/,
    );
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(() => box.open(changed, 'kid-1')).toThrow(/unable to authenticate/);
    }
  });

  it('AUT-5: the successor of a refresh token is always the same 256 bits, and nobody else’s', () => {
    expect(box.successor('token')).toBe(box.successor('token'));
    expect(Buffer.from(box.successor('token'), 'base64url')).toHaveLength(32);
    expect(new SecretBox({ SIGNING_KEY_SECRET: 'b'.repeat(32) }).successor('token')).not.toBe(box.successor('token'));
  });
});

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { DataSource } from 'typeorm';
import { systemContext, type Tx, UnitOfWork } from '#platform';
import { nextRevision } from '../access/access-revision.js';
import { SecretBox } from './secret-box.js';

export const TOKEN_ALGORITHM = 'ES256';
/** Seconds that an access token is good for. */
export const TOKEN_LIFETIME = 15 * 60;
const LEEWAY = 60;
const MAX_AGE = `interval '30 days'`;
/** A new key is published this long before it signs, so that every gateway knows it by then. */
const OVERLAP = `interval '5 minutes'`;
/** On alias `k`: until the last token that the key signed has ended, which it does after its successor took over. */
export const KEYS_STILL_TRUSTED = `NOT EXISTS (
  SELECT FROM signing_key n
   WHERE n.created_at > k.created_at AND n.signs_from < now() - interval '${TOKEN_LIFETIME + LEEWAY} seconds')`;

const CURRENT = `
  SELECT k.kid, k.sealed_key AS "sealed", floor(extract(epoch FROM now()))::bigint AS "now",
         NOT EXISTS (SELECT FROM signing_key WHERE created_at > now() - ${MAX_AGE}) AS "due"
    FROM signing_key k WHERE k.signs_from <= now() ORDER BY k.signs_from DESC LIMIT 1`;

interface Current {
  readonly kid: string;
  readonly sealed: Buffer;
  readonly now: number;
  readonly due: boolean;
}

/** The key pairs that sign access tokens. Private keys are stored encrypted; the newest that may sign does. */
@Injectable()
export class SigningKeys {
  private readonly opened = new Map<string, KeyObject>();

  constructor(
    private readonly db: DataSource,
    private readonly uow: UnitOfWork,
    private readonly box: SecretBox,
  ) {}

  /**
   * The key to sign with, and the database's time in seconds since 1970: copies whose clocks differ still agree.
   * Makes the first key, and the next one when the newest is 30 days old.
   */
  async current(): Promise<{ kid: string; key: KeyObject; now: number }> {
    let row = await this.read();
    if (!row || row.due) {
      await this.uow.run(systemContext(), (tx) => this.rotate(tx));
      row = (await this.read())!;
    }
    const key = this.opened.get(row.kid) ?? this.open(row.kid, row.sealed);
    this.opened.set(row.kid, key);
    return { kid: row.kid, key, now: row.now };
  }

  private async read(): Promise<Current | undefined> {
    const [row] = await this.db.query<Current[]>(CURRENT);
    return row;
  }

  /** One copy makes the new key; the first key of all signs at once. */
  private async rotate(tx: Tx): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('auth.signing-keys'))`);
    const [before] = await tx.query<Current>(CURRENT);
    if (before && !before.due) return;
    const { privateKey, publicKey } = await generateKeyPair(TOKEN_ALGORITHM, { extractable: true });
    const jwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(jwk);
    await tx.query(
      `INSERT INTO signing_key (kid, public_key, sealed_key, signs_from)
       VALUES ($1, $2, $3, now() + ${before ? OVERLAP : `interval '0'`})`,
      [kid, { ...jwk, kid, alg: TOKEN_ALGORITHM, use: 'sig' }, this.box.seal(await exportPKCS8(privateKey), kid)],
    );
    await tx.query(`DELETE FROM signing_key k WHERE NOT (${KEYS_STILL_TRUSTED})`);
    await nextRevision(tx);
  }

  private open(kid: string, sealed: Buffer): KeyObject {
    try {
      return createPrivateKey(this.box.open(sealed, kid));
    } catch (cause) {
      throw new Error(
        'SIGNING_KEY_SECRET does not open the stored signing keys; it must be the one that they were made with',
        { cause },
      );
    }
  }
}

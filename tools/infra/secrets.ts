import { generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from './start-error.js';

/** What an installation generates once for itself; `<data dir>/secrets.json`, readable by its owner only. */
export interface Secrets {
  postgresPassword: string;
  /** Password of each service's database role. */
  databasePasswords: Record<string, string>;
  /** Password of each NATS user. */
  natsPasswords: Record<string, string>;
  /** Private Ed25519 JWK that signs the gateway's assertions. */
  gatewaySigningKey: JsonWebKey & { kid: string };
  /** Encrypts the token signing keys at rest. */
  signingKeySecret: string;
  /** The generated administrator password, until it has been printed. */
  adminPassword?: string;
}

const password = () => randomBytes(24).toString('base64url');

/**
 * Reads the secrets, generating those that are not there yet (all of them at the first start, one for a new service later).
 * @throws StartError when the file is damaged, or gone while a database that needs it exists
 */
export function loadSecrets(
  dataDir: string,
  names: { services: readonly string[]; natsUsers: readonly string[] },
): Secrets {
  const file = join(dataDir, 'secrets.json');
  const known = read(file);
  if (!known && existsSync(join(dataDir, 'postgres', 'PG_VERSION'))) {
    throw new StartError(
      `${file} is missing, and the database beside it cannot be opened without it: put it back from a backup, or move ${dataDir} away to start empty.`,
    );
  }
  const secrets: Secrets = {
    postgresPassword: password(),
    databasePasswords: {},
    natsPasswords: {},
    gatewaySigningKey: generateSigningKey(),
    signingKeySecret: randomBytes(32).toString('base64url'),
    ...(known ?? { adminPassword: randomBytes(9).toString('base64url') }),
  };
  for (const name of names.services) secrets.databasePasswords[name] ??= password();
  for (const name of names.natsUsers) secrets.natsPasswords[name] ??= password();
  saveSecrets(dataDir, secrets);
  return secrets;
}

/** Replaces the file in one step: a kill in between leaves the old one. */
export function saveSecrets(dataDir: string, secrets: Secrets): void {
  writePrivate(join(dataDir, 'secrets.json'), secrets);
}

/** Writes JSON that only its owner can read. */
export function writePrivate(file: string, content: unknown): void {
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

/** The public half of the gateway's key, as the JWKS that services verify assertions with. */
export function publicKeys({ kty, crv, x, kid }: Secrets['gatewaySigningKey']): { keys: JsonWebKey[] } {
  return { keys: [{ kty, crv, x, kid, alg: 'EdDSA', use: 'sig' }] };
}

function generateSigningKey(): Secrets['gatewaySigningKey'] {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { ...jwk, alg: 'EdDSA', use: 'sig', kid: randomBytes(8).toString('hex') };
}

function read(file: string): Secrets | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  } catch {
    throw new StartError(`${file} is damaged: put it back from a backup, or move its folder away to start empty.`);
  }
}

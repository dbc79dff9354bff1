// Secrets of an installation in containers. Plain JavaScript without dependencies: it runs on any machine with Node.
//   node deploy/secrets.mjs               writes .env for docker compose, once
//   node deploy/secrets.mjs kubernetes    prints Secrets and a ConfigMap, once: … | kubectl create -f -
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SERVICES = ['auth', 'marketing', 'customer', 'service', 'reporting'];
const NATS_USERS = [...SERVICES, 'gateway', 'partner', 'sales-system'];
/** Where the operator's cluster `crm-postgres` takes writes. */
const POSTGRES_HOST = 'crm-postgres-rw';

// A letter first: nats-server reads a value that begins with a digit as a number.
const password = () => `p${randomBytes(24).toString('hex')}`;
const variable = (name) => name.toUpperCase().replaceAll('-', '_');
const each = (names, entry) => Object.fromEntries(names.map(entry));

function signingKey() {
  const { kty, crv, x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const named = { kty, crv, x, alg: 'EdDSA', use: 'sig', kid: randomBytes(8).toString('hex') };
  return {
    GATEWAY_SIGNING_KEY: JSON.stringify({ ...named, d }),
    GATEWAY_PUBLIC_KEYS: JSON.stringify({ keys: [named] }),
  };
}

/** Fresh values of every variable that docker-compose.yml asks of `.env`. */
export function composeEnvironment() {
  return {
    POSTGRES_PASSWORD: password(),
    ...each(SERVICES, (name) => [`${variable(name)}_DATABASE_PASSWORD`, password()]),
    ...each(NATS_USERS, (name) => [`${variable(name)}_NATS_PASSWORD`, password()]),
    ...signingKey(),
    SIGNING_KEY_SECRET: password(),
    CRM_ADMIN_PASSWORD: password(),
  };
}

/** The same for Kubernetes: what the manifests take by reference, each application's secrets apart. */
export function kubernetesSecrets() {
  const env = composeEnvironment();
  const object = (kind, name, content) => ({
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: 'crm' },
    ...content,
  });
  const secret = (name, stringData) => object('Secret', name, { type: 'Opaque', stringData });
  const natsPassword = (name) => env[`${variable(name)}_NATS_PASSWORD`];
  const databaseUser = (name) => ({ username: name, password: env[`${variable(name)}_DATABASE_PASSWORD`] });
  const items = [
    object('ConfigMap', 'crm-gateway-keys', { data: { GATEWAY_PUBLIC_KEYS: env.GATEWAY_PUBLIC_KEYS } }),
    secret(
      'crm-nats',
      each(NATS_USERS, (name) => [`${variable(name)}_NATS_PASSWORD`, natsPassword(name)]),
    ),
    secret('crm-gateway', {
      GATEWAY_SIGNING_KEY: env.GATEWAY_SIGNING_KEY,
      NATS_PASSWORD: natsPassword('gateway'),
    }),
    ...SERVICES.map((name) =>
      secret(`crm-${name}`, {
        DATABASE_URL: `postgresql://${name}:${databaseUser(name).password}@${POSTGRES_HOST}:5432/crm`,
        NATS_PASSWORD: natsPassword(name),
        ...(name === 'auth'
          ? { SIGNING_KEY_SECRET: env.SIGNING_KEY_SECRET, CRM_ADMIN_PASSWORD: env.CRM_ADMIN_PASSWORD }
          : {}),
      }),
    ),
    ...SERVICES.map((name) => ({
      ...secret(`crm-postgres-${name}`, databaseUser(name)),
      type: 'kubernetes.io/basic-auth',
    })),
  ];
  return { apiVersion: 'v1', kind: 'List', items };
}

/** Single quotes: docker compose then takes the value as it is. */
const dotenv = (values) =>
  Object.entries(values)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('');

function main(target) {
  if (target === 'kubernetes') {
    process.stdout.write(`${JSON.stringify(kubernetesSecrets(), null, 2)}\n`);
    return;
  }
  const file = fileURLToPath(new URL('../.env', import.meta.url));
  try {
    writeFileSync(file, dotenv(composeEnvironment()), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    console.error(`${file} is there already. It holds the passwords of the database: remove it only with the volumes.`);
    process.exit(1);
  }
  console.log(
    `Wrote ${file}. The administrator is \`admin\`; the password is CRM_ADMIN_PASSWORD in it and must be changed at the first login.`,
  );
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) main(process.argv[2]);

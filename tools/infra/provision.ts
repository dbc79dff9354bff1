import pg from 'pg';

/** The one database of an embedded PostgreSQL; each service has a schema in it. */
const DATABASE = 'crm';

/**
 * Creates what is not there yet: the database, and for each service a role with its password, and the schema that the
 * role owns and finds first. A service's role can use no other schema.
 * @param admin URL of the superuser, any database
 * @returns the URL of each service
 */
export async function provisionDatabase(
  admin: string,
  passwords: Record<string, string>,
): Promise<Record<string, string>> {
  await withClient(admin, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (!rowCount) await client.query(`CREATE DATABASE ${DATABASE}`);
    await client.query(`REVOKE ALL ON DATABASE ${DATABASE}, postgres, template1 FROM PUBLIC`);
  });
  const url = new URL(admin);
  url.pathname = `/${DATABASE}`;
  await withClient(url.href, async (client) => {
    await client.query('BEGIN');
    await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    for (const [service, password] of Object.entries(passwords)) await provisionService(client, service, password);
    await client.query('COMMIT');
  });
  return Object.fromEntries(
    Object.entries(passwords).map(([service, password]) => [
      service,
      Object.assign(new URL(url), { username: service, password }).href,
    ]),
  );
}

async function provisionService(client: pg.Client, service: string, password: string): Promise<void> {
  const role = client.escapeIdentifier(service);
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [service]);
  if (!rowCount) await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
  await client.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${DATABASE} TO ${role}`);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${role} AUTHORIZATION ${role}`);
  await client.query(`ALTER ROLE ${role} IN DATABASE ${DATABASE} SET search_path = ${role}`);
}

/**
 * Creates the schemas in somebody else's database, where one role is used by all services.
 * @returns the URL of each service, with its schema as the search path
 */
export async function provisionSchemas(database: string, services: readonly string[]): Promise<Record<string, string>> {
  await withClient(database, async (client) => {
    const { rows } = await client.query<{ nspname: string }>(
      'SELECT nspname FROM pg_namespace WHERE nspname = ANY($1)',
      [services],
    );
    const present = new Set(rows.map((row) => row.nspname));
    for (const service of services.filter((name) => !present.has(name))) {
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${client.escapeIdentifier(service)}`);
    }
  });
  return Object.fromEntries(
    services.map((service) => {
      const url = new URL(database);
      url.searchParams.set('options', `${url.searchParams.get('options') ?? ''} -c search_path=${service}`.trim());
      return [service, url.href];
    }),
  );
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

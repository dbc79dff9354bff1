import type { ServiceName } from '#contracts';
import type { DataSource } from 'typeorm';
import { dedicatedClient } from './data-source.js';
import { ensureOutboxPartitions } from './housekeeping.js';

/** Brings the schema to the state this code needs; one copy at a time, the others wait. */
export async function migrate(dataSource: DataSource, service: ServiceName, url: string): Promise<void> {
  const client = dedicatedClient(service, url, 0);
  await client.connect();
  try {
    await client.query('SET statement_timeout = 0');
    await client.query('SET lock_timeout = 0');
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [`migrate:${service}`]);
    const { rowCount } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [service]);
    if (!rowCount) await client.query(`CREATE SCHEMA "${service}"`);
    await dataSource.runMigrations();
    await ensureOutboxPartitions(dataSource);
  } finally {
    await client.end();
  }
}

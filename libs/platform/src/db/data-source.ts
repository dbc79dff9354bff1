import type { ServiceName } from '#contracts';
import pg from 'pg';
import type { DataSourceOptions, EntitySchema, MigrationInterface } from 'typeorm';
import { columnTypes } from './column-types.js';
import { SnakeNaming } from './snake-naming.js';

export type EntityClass = (new () => object) | EntitySchema;
export type MigrationClass = new () => MigrationInterface;

/** The server ends a statement after 30 s; this is for a server that no longer answers at all. */
const QUERY_TIMEOUT_MS = 35_000;

/**
 * Time limits keep one stuck statement from holding the others. What was written lately waits in a list at the end of each search
 * index, and each search reads that list from end to end: with PostgreSQL's 4 MB it took longer than the index itself.
 */
const session = (schema: string): string =>
  [
    `search_path=${schema}`,
    'lock_timeout=5s',
    'statement_timeout=30s',
    'idle_in_transaction_session_timeout=60s',
    'gin_pending_list_limit=256kB',
    'timezone=UTC',
  ]
    .map((setting) => `-c ${setting}`)
    .join(' ');

export function dataSourceOptions(
  service: ServiceName,
  url: string,
  pool: number,
  entities: EntityClass[],
  migrations: MigrationClass[],
): DataSourceOptions {
  return {
    type: 'postgres',
    // Ours, not one that TypeORM looks for: in a bundle, that would be a second copy.
    driver: pg,
    url,
    schema: service,
    entities,
    migrations,
    migrationsTransactionMode: 'each',
    namingStrategy: new SnakeNaming(),
    applicationName: `crm-${service}`,
    poolSize: pool,
    extra: {
      types: columnTypes,
      options: session(service),
      connectionTimeoutMillis: 5000,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      // Statements that do not need each other's answers go out together: waking the server costs more than most of them.
      pipeline: true,
    },
  };
}

/** A connection of its own, outside the pool: for locks that live as long as the session. */
export const dedicatedClient = (service: ServiceName, url: string, queryTimeout = QUERY_TIMEOUT_MS): pg.Client =>
  new pg.Client({
    connectionString: url,
    options: session(service),
    application_name: `crm-${service}-relay`,
    connectionTimeoutMillis: 5000,
    query_timeout: queryTimeout,
    keepAlive: true,
    // The relay reads the next batch while it marks the one before.
    pipeline: true,
    types: columnTypes,
  });

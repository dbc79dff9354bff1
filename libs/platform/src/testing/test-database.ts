import pg from 'pg';
import { v7 } from 'uuid';

/** A database of one test's own in the PostgreSQL of the test run. */
export class TestDatabase {
  private readonly pools = new Map<string, pg.Pool>();

  private constructor(
    readonly name: string,
    private readonly server: string,
  ) {}

  static async create(): Promise<TestDatabase> {
    const server = process.env.TEST_DATABASE_URL;
    if (!server) throw new Error('TEST_DATABASE_URL is not set: run the tests with npm test');
    const database = new TestDatabase(`test_${v7().replaceAll('-', '')}`, server);
    await database.administer(`CREATE DATABASE ${database.name}`);
    return database;
  }

  get url(): string {
    const url = new URL(this.server);
    url.pathname = `/${this.name}`;
    return url.toString();
  }

  /** Runs SQL in a schema of this database. */
  async query<R extends pg.QueryResultRow = Record<string, unknown>>(
    schema: string,
    sql: string,
    parameters: unknown[] = [],
  ): Promise<R[]> {
    let pool = this.pools.get(schema);
    if (!pool) {
      pool = new pg.Pool({ connectionString: this.url, options: `-c search_path=${schema}`, max: 4 });
      // Dropping the database ends sessions that the pool has not closed yet.
      pool.on('error', () => undefined);
      this.pools.set(schema, pool);
    }
    return (await pool.query<R>(sql, parameters)).rows;
  }

  async drop(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
    await this.administer(`DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`);
  }

  private async administer(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.server });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }
}

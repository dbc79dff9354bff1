import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import type { FloorSettings } from './floor-server.js';
import type { Product } from './product.js';

/** The floor's server, in a process of its own as the product is. */
export class Floor {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(settings: FloorSettings): Promise<Floor> {
    const child = fork(new URL('floor-server.js', import.meta.url));
    child.send(settings);
    const port = await new Promise<unknown>((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('The floor did not start')));
    });
    return new Floor(child, `http://127.0.0.1:${String(port)}`);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The path of a statement with its parameters. */
  static path(name: string, parameters: readonly string[]): string {
    return `/${name}?${parameters.map((value) => `p=${encodeURIComponent(value)}`).join('&')}`;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.disconnect();
    await ended;
  }
}

/** @returns the statement on `table` that the product sends for what `ask` asks, from PostgreSQL's own log */
export async function statementOf(
  product: Product,
  database: pg.Client,
  table: string,
  ask: () => Promise<unknown>,
): Promise<string> {
  const file = join(product.dataDir, 'logs', 'postgres.log');
  const from = statSync(file).size;
  await database.query(`ALTER SYSTEM SET log_statement = 'all'`);
  await database.query('SELECT pg_reload_conf()');
  try {
    // The server tells its sessions one after the other, so the first answers may be too early.
    for (let attempt = 0; attempt < 100; attempt++) {
      await ask();
      const statements = loggedStatements(readFileSync(file).subarray(from).toString());
      const found = statements.find((sql) => sql.startsWith('SELECT') && sql.includes(` FROM ${table} `));
      if (found) return found;
    }
  } finally {
    await database.query('ALTER SYSTEM RESET log_statement');
    await database.query('SELECT pg_reload_conf()');
  }
  throw new Error(`PostgreSQL's log has no statement on ${table}`);
}

/** A line that belongs to the one before begins with a tab. */
export const loggedStatements = (log: string): string[] =>
  log
    .split(/\n(?!\t)/)
    .map((entry) => /LOG: {2}(?:execute [^:]+|statement): (.*)$/s.exec(entry)?.[1]?.replaceAll('\n\t', '\n'))
    .filter((sql) => sql !== undefined);

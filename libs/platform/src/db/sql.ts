import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

/** Texts that are prepared; a program's own are far fewer. More would be texts made of input, which sessions must not collect. */
const MOST_PREPARED = 1000;
const names = new Map<string, string>();

/** A session parses and plans a statement of this name once; undefined for texts beyond the limit. */
function statementName(text: string): string | undefined {
  const known = names.get(text);
  if (known || names.size >= MOST_PREPARED) return known;
  const name = createHash('sha256').update(text).digest('base64url').slice(0, 32);
  names.set(text, name);
  return name;
}

type Executor = Pick<pg.ClientBase, 'query'>;
const poolOf = (dataSource: DataSource): Executor => (dataSource.driver as unknown as { master: pg.Pool }).master;

/**
 * Runs SQL by the driver itself on the manager's transaction, or on any session when it has none: TypeORM's way of doing it costs
 * more than many of our statements. `prepared` is for texts of which the program has a few.
 */
export async function runSql<R>(
  { queryRunner, dataSource }: EntityManager,
  text: string,
  values: readonly unknown[] = [],
  prepared = true,
): Promise<R[]> {
  const executor = queryRunner ? ((await queryRunner.connect()) as Executor) : poolOf(dataSource);
  const name = prepared ? statementName(text) : undefined;
  const { rows } = await executor.query({ ...(name ? { name } : {}), text, values: values as unknown[] });
  return rows as R[];
}

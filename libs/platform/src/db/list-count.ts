import type { EntityManager } from 'typeorm';
import { runSql } from './sql.js';

/** Counted up to here; more than that nobody reads to the end, and counting it all would cost more than the page. */
const MOST_COUNTED = 10_000;

/** Which rows a list has: `FROM … WHERE …` with its parameters. */
interface Selection {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export interface Total {
  total: number;
  /** Only beside a total that was not counted. */
  totalIsEstimate: true;
}
type Explained = { 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] };

/** How many rows a list has; beyond a limit, how many PostgreSQL expects. */
export async function countRows(
  manager: EntityManager,
  { sql, parameters }: Selection,
): Promise<Pick<Total, 'total'> & Partial<Total>> {
  const [row] = await runSql<{ counted: number }>(
    manager,
    `SELECT count(*)::int AS counted FROM (SELECT 1 ${sql} LIMIT ${MOST_COUNTED + 1}) AS counted`,
    parameters,
    false,
  );
  const counted = row?.counted ?? 0;
  if (counted <= MOST_COUNTED) return { total: counted };
  const [plan] = await runSql<Explained>(manager, `EXPLAIN (FORMAT JSON) SELECT 1 ${sql}`, parameters, false);
  return { total: Math.max(counted, plan!['QUERY PLAN'][0].Plan['Plan Rows']), totalIsEstimate: true };
}

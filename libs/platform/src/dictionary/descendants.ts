import type { DictionaryType } from '#contracts';
import type { EntityManager } from 'typeorm';
import { runSql } from '../db/sql.js';

/** These codes and all that lie below them, retired ones too: old records carry them (DIC-4). In a copy a cycle may stand for a moment. */
export async function withDescendants(
  manager: EntityManager,
  type: DictionaryType,
  codes: readonly string[],
): Promise<string[]> {
  const rows = await runSql<{ code: string }>(
    manager,
    `WITH RECURSIVE below AS (
       SELECT unnest($2::text[]) AS code
       UNION SELECT e.code FROM below JOIN dictionary_entry e ON e.type = $1 AND e.parent = below.code)
     SELECT code FROM below`,
    [type, codes],
  );
  return rows.map(({ code }) => code);
}

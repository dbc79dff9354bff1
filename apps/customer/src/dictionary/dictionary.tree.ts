import { CrmError, type DictionaryType, dictionaryTypeFacts } from '#contracts';
import { type Tx, unknownCodes } from '#platform';

/** Country, province, city, and two more for who needs them; it bounds what one answer can hold. */
const DEEPEST = 5;

/** Whoever changes entries takes this lock, so that two changes make no cycle together and no parent goes while a child comes. */
export const lockDictionary = (tx: Tx) => tx.query(`SELECT pg_advisory_xact_lock(hashtext('dictionary'))`);

/** The codes from the top down to this one. */
export async function pathOf(tx: Tx, type: DictionaryType, code: string): Promise<string[]> {
  const rows = await tx.query<{ code: string }>(
    `WITH RECURSIVE up AS (
       SELECT code, parent, 1 AS steps FROM dictionary_entry WHERE type = $1 AND code = $2
       UNION ALL SELECT e.code, e.parent, steps + 1 FROM up JOIN dictionary_entry e ON e.type = $1 AND e.code = up.parent)
     SELECT code FROM up ORDER BY steps DESC`,
    [type, code],
  );
  return rows.map((row) => row.code);
}

/** How many levels an entry takes with all that lies below it. */
export async function heightOf(tx: Tx, type: DictionaryType, code: string): Promise<number> {
  const [row] = await tx.query<{ height: number }>(
    `WITH RECURSIVE down AS (
       SELECT $2::text AS code, 1 AS level
       UNION ALL SELECT e.code, level + 1 FROM down JOIN dictionary_entry e ON e.type = $1 AND e.parent = down.code)
     SELECT max(level) AS height FROM down`,
    [type, code],
  );
  return row!.height;
}

/**
 * The path of the parent of an entry that is `height` levels high.
 * @throws CrmError validation-failed, unknown-dictionary-code, invalid-parent
 */
export async function requireParent(
  tx: Tx,
  type: DictionaryType,
  code: string,
  parent: string,
  height = 1,
): Promise<string[]> {
  if (!dictionaryTypeFacts(type).tree)
    throw new CrmError('validation-failed', {}, [
      { path: 'parent', code: 'no_tree', message: `${type} has no levels · ${type} 不分级` },
    ]);
  const known = await tx.query('SELECT FROM dictionary_entry WHERE type = $1 AND code = $2 AND active', [type, parent]);
  if (known.length === 0) throw unknownCodes([{ field: 'parent', type, code: parent }]);
  const path = await pathOf(tx, type, parent);
  if (path.includes(code)) throw invalidParent(code, parent, 'it lies below it · 它是其下级');
  if (path.length + height > DEEPEST)
    throw invalidParent(code, parent, `there are at most ${DEEPEST} levels · 最多 ${DEEPEST} 级`);
  return path;
}

const invalidParent = (code: string, parent: string, reason: string) =>
  new CrmError('invalid-parent', { code, parent, reason }, [
    { path: 'parent', code: 'invalid_parent', message: reason },
  ]);

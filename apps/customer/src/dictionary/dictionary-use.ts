import type { DictionaryType } from '#contracts';
import type { Tx } from '#platform';
import { DictionaryEntry } from './dictionary-entry.entity.js';
import { lockDictionary } from './dictionary.tree.js';

/**
 * Notes which entries the records of another service carry, as its events tell (DIC-2); what is noted already costs one look-up.
 * An entry that was removed before the news of its use came is brought back, retired, with all above it.
 */
export async function noteUse(tx: Tx, codes: Readonly<Partial<Record<DictionaryType, string | null>>>): Promise<void> {
  const given = Object.entries(codes).filter(([, code]) => code !== null);
  const noted = await tx.query<{ id: string; removed: boolean }>(
    `UPDATE dictionary_entry e SET used = true FROM unnest($1::text[], $2::text[]) AS c (type, code)
      WHERE e.type = c.type AND e.code = c.code AND NOT e.used RETURNING e.id, e.removed`,
    [given.map(([type]) => type), given.map(([, code]) => code)],
  );
  for (const { id, removed } of noted) if (removed) await bringBack(tx, id);
}

async function bringBack(tx: Tx, id: string): Promise<void> {
  await lockDictionary(tx);
  const gone = await tx.query<{ id: string }>(
    `WITH RECURSIVE up AS (
       SELECT id, type, parent, removed FROM dictionary_entry WHERE id = $1
       UNION ALL SELECT e.id, e.type, e.parent, e.removed FROM up JOIN dictionary_entry e ON e.type = up.type AND e.code = up.parent)
     SELECT id FROM up WHERE removed`,
    [id],
  );
  for (const { id } of gone) {
    const entry = await tx.find(DictionaryEntry, { id });
    if (!entry) continue;
    tx.publish(entry.bringBack());
    await tx.save(entry);
  }
}

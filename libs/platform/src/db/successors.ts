import type { Tx } from './tx.js';

/**
 * Records of another service that gave way to others, as its events tell: `into_id` is who took the place, `now_id` who holds it at
 * the end of the chain. `successor_of(id)` is the record that stands for `id` now, itself where nothing is known.
 */
export const CREATE_SUCCESSORS: readonly string[] = [
  `CREATE TABLE successor (
    id      uuid NOT NULL CONSTRAINT successor_pk PRIMARY KEY,
    into_id uuid NOT NULL,
    now_id  uuid NOT NULL
  )`,
  `CREATE INDEX successor_into ON successor (into_id)`,
  `CREATE FUNCTION successor_of(id uuid) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
   RETURN coalesce((SELECT s.now_id FROM successor s WHERE s.id = successor_of.id), successor_of.id)`,
];
export const DROP_SUCCESSORS: readonly string[] = [`DROP FUNCTION successor_of(uuid)`, `DROP TABLE successor`];

interface Stand {
  readonly id: string;
  /** Who stands for it now. */
  readonly now: string;
}

/**
 * Notes that `id` gave way to `intoId`, or (null) stands for itself again.
 * Such events come in the order of the record that gave way, but in any order among several: so all that hangs on the chain is worked
 * out anew each time. While an undo is still on its way a chain can close to a ring: then each of it stands for itself.
 * @returns all whose place may have changed
 */
export async function noteSuccessor(tx: Tx, id: string, intoId: string | null): Promise<Stand[]> {
  // Two at once would not see each other's part of a chain.
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('successor'))`);
  if (intoId === null) await tx.query('DELETE FROM successor WHERE id = $1', [id]);
  else
    await tx.query(
      `INSERT INTO successor (id, into_id, now_id) VALUES ($1, $2, $2) ON CONFLICT (id) DO UPDATE SET into_id = excluded.into_id`,
      [id, intoId],
    );
  const stands = await tx.query<{ id: string; now: string }>(
    `WITH RECURSIVE behind AS (SELECT $1::uuid AS id UNION SELECT s.id FROM successor s JOIN behind b ON s.into_id = b.id),
                    ahead AS (SELECT $1::uuid AS id UNION SELECT s.into_id FROM successor s JOIN ahead a ON s.id = a.id),
                    last AS (SELECT id FROM ahead a WHERE NOT EXISTS (SELECT FROM successor s WHERE s.id = a.id))
     SELECT id, coalesce((SELECT id FROM last), id) AS now FROM behind ORDER BY id`,
    [id],
  );
  await tx.query(
    `UPDATE successor s SET now_id = n.now FROM unnest($1::uuid[], $2::uuid[]) AS n (id, now) WHERE s.id = n.id AND s.now_id <> n.now`,
    [stands.map((stand) => stand.id), stands.map(({ now }) => now)],
  );
  return stands;
}

import { fold } from '../text/fold.js';
import { escapeLike } from './list.js';

/** How pairs were indexed at first, as texts: for the migrations of that time. */
export const CREATE_BIGRAMS = `
  CREATE FUNCTION bigrams(value text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN (
    SELECT coalesce(array_agg(DISTINCT a || b), '{}')
    FROM unnest(string_to_array(value, NULL), (string_to_array(value, NULL))[2:]) AS pair(a, b)
    WHERE b IS NOT NULL AND a <> chr(10) AND b <> chr(10)
  )`;
export const DROP_BIGRAMS = `DROP FUNCTION bigrams(text)`;

/**
 * Literal containment that an index answers, for Chinese too, where people type two characters (pg_trgm needs three): a GIN index on the
 * pairs of neighbouring characters finds the candidates and LIKE checks them. A pair is a number, which costs half of what a text does
 * in making and in storing; that two pairs may share one is no matter.
 *
 * A table keeps one column `search_text` with its folded texts (`searchText`). Its service's migrations run CREATE_PAIRS once and
 * `CREATE INDEX … USING gin (pairs(search_text))`; its list searches by `containsText('t.search_text')`.
 */
export const CREATE_PAIRS = `
  CREATE FUNCTION pairs(value text) RETURNS int[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN ARRAY(
    SELECT (a << 15) # b
      FROM (SELECT ascii(unnest(chars)) AS a, ascii(unnest(chars[2:])) AS b
              FROM (SELECT string_to_array(value, NULL) AS chars OFFSET 0) AS split) AS pair
     WHERE a <> 10 AND b <> 10
  )`;
export const DROP_PAIRS = `DROP FUNCTION pairs(text)`;

/**
 * The pairs, and each character by itself that is not one of a–z and 0–9, which stand in nearly every text: where people look for one
 * Chinese character, too, the index is `USING gin (grams(search_text))`, and the search `containsText('t.search_text', 'grams')`.
 */
export const CREATE_GRAMS = `
  CREATE FUNCTION grams(value text) RETURNS int[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN pairs(value) || ARRAY(
    SELECT DISTINCT ascii(a) FROM unnest(string_to_array(regexp_replace(value, '[a-z0-9\\n]', '', 'g'), NULL)) AS single(a)
  )`;
export const DROP_GRAMS = `DROP FUNCTION grams(text)`;

/** What the search column of a record holds: `fold` removes white space, so a line feed parts the fields for good. */
export const searchText = (...fields: (string | null | undefined)[]): string =>
  fields
    .filter((field) => typeof field === 'string')
    .map(fold)
    .join('\n');

/** A list plan's `search`. One character alone has no pair: where only pairs are indexed, LIKE decides by itself. */
export const containsText =
  (column: string, indexed: 'pairs' | 'grams' = 'pairs') =>
  (folded: string, add: (value: unknown) => string): string => {
    const like = `${column} LIKE ${add(`%${escapeLike(folded)}%`)}`;
    if ([...folded].length > 1) return `${indexed}(${column}) @> pairs(${add(folded)}::text) AND ${like}`;
    const found = indexed === 'grams' && !/[a-z0-9]/.test(folded);
    return found ? `grams(${column}) @> ARRAY[ascii(${add(folded)}::text)] AND ${like}` : like;
  };

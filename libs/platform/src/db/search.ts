import { fold } from '../text/fold.js';
import { escapeLike } from './list.js';

/**
 * Literal containment that an index answers, for Chinese too, where people type two characters (pg_trgm needs three): a GIN index on the
 * pairs of neighbouring characters finds the candidates and LIKE checks them. A pair is a number, which costs half of what a text does
 * in making and in storing; that two pairs may share one is no matter.
 *
 * A table keeps one column `search_text` with its folded texts (`searchText`). Its service's migrations run CREATE_BIGRAMS once and
 * `CREATE INDEX … USING gin (bigrams(search_text))`; its list searches by `containsText('t.search_text')`.
 */
export const CREATE_BIGRAMS = `
  CREATE FUNCTION bigrams(value text) RETURNS int[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN ARRAY(
    SELECT (a << 15) # b
      FROM (SELECT ascii(unnest(chars)) AS a, ascii(unnest(chars[2:])) AS b
              FROM (SELECT string_to_array(value, NULL) AS chars OFFSET 0) AS split) AS pair
     WHERE a <> 10 AND b <> 10
  )`;
export const DROP_BIGRAMS = `DROP FUNCTION bigrams(text)`;

/**
 * The pairs, and each character by itself that is not one of a–z and 0–9, which stand in nearly every text: where people look for one
 * Chinese character, too, the index is `USING gin (grams(search_text))`, and the search `containsText('t.search_text', 'grams')`.
 */
export const CREATE_GRAMS = `
  CREATE FUNCTION grams(value text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN bigrams(value) || ARRAY(
    SELECT DISTINCT a FROM unnest(string_to_array(regexp_replace(value, '[a-z0-9\\n]', '', 'g'), NULL)) AS single(a)
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
  (column: string, indexed: 'bigrams' | 'grams' = 'bigrams') =>
  (folded: string, add: (value: unknown) => string): string => {
    if ([...folded].length > 1)
      return `${indexed}(${column}) @> bigrams(${add(folded)}::text) AND ${column} LIKE ${add(`%${escapeLike(folded)}%`)}`;
    if (indexed === 'grams' && !/[a-z0-9]/.test(folded)) return `grams(${column}) @> ARRAY[${add(folded)}::text]`;
    return `${column} LIKE ${add(`%${escapeLike(folded)}%`)}`;
  };

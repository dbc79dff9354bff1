/**
 * PostgreSQL makes the statistics of a table anew whenever it has grown by a tenth, from 30,000 of its rows, in what is a second of late
 * answers on a machine that is busy (ADR 32). They are for choosing among values; tables and indexes that are asked by key need few.
 */

/**
 * Of a search index they would be the pairs of characters of all those rows, made once more; searches among a million customers have the
 * same plans without. `statistics`: -1 gives them back.
 */
export const withoutStatistics = (index: string, statistics = 0): string =>
  `ALTER INDEX ${index} ALTER COLUMN 1 SET STATISTICS ${statistics}`;

/** A table that is looked into by its keys alone is known well enough from a tenth of the rows. `statistics`: -1 for as many as others have. */
export const fewStatistics = (table: string, statistics = 10): string => `
  DO $$
    DECLARE name text;
    BEGIN
      FOR name IN SELECT attname FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped LOOP
        EXECUTE format('ALTER TABLE ${table} ALTER COLUMN %I SET STATISTICS ${statistics}', name);
      END LOOP;
    END $$`;

/**
 * PostgreSQL makes the statistics of a table anew whenever it has grown by a tenth, from 30,000 of its rows, which on a busy machine makes
 * late answers (ADR 32). They are for choosing among values: a table that is always looked into by an index is known well enough from a
 * tenth of those rows, if no index of it has an expression with more. `statistics`: -1 for as many as others have.
 */
export const fewStatistics = (table: string, statistics = 10): string => `
  DO $$
    DECLARE name text;
    BEGIN
      FOR name IN SELECT attname FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped LOOP
        EXECUTE format('ALTER TABLE ${table} ALTER COLUMN %I SET STATISTICS ${statistics}', name);
      END LOOP;
    END $$`;

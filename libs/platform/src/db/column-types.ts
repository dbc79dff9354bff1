import pg from 'pg';

type Parser = (value: string) => unknown;
interface ColumnTypes {
  getTypeParser(oid: number, format?: 'text' | 'binary'): Parser;
}

const { INT8, DATE, TIMESTAMPTZ }: Readonly<Record<'INT8' | 'DATE' | 'TIMESTAMPTZ', number>> = pg.types.builtins;
const TEXTS: number = 1009;
const parseTexts = pg.types.getTypeParser(TEXTS, 'text') as Parser;
const parseInstant = pg.types.getTypeParser(TIMESTAMPTZ, 'text') as Parser;

/** How columns are read: dates stay text; bigints are sequences and positions here, far below 2^53; instants are `Date`. */
export const columnTypes: ColumnTypes = {
  getTypeParser(oid, format) {
    if (oid === DATE) return (value) => value;
    if (oid === INT8) return Number;
    // Most records have no tags, and the parser makes itself anew for each value.
    if (oid === TEXTS) return (value) => (value === '{}' ? [] : parseTexts(value));
    return pg.types.getTypeParser(oid, format) as Parser;
  },
};

/** The same for what is answered: instants are ISO 8601 texts in UTC, to the millisecond. Through `Date` each would take 20 times as long. */
export const viewTypes: ColumnTypes = {
  getTypeParser: (oid, format) => (oid === TIMESTAMPTZ ? instantText : columnTypes.getTypeParser(oid, format)),
};

/** As PostgreSQL writes instants of four-digit years where the session's time zone is UTC. */
const INSTANT_LENGTH = 19;
const ZONE = '+00';

function instantText(value: string): string {
  const end = value.length - ZONE.length;
  if (value.charCodeAt(4) !== 45 || end < INSTANT_LENGTH || !value.endsWith(ZONE))
    return (parseInstant(value) as Date).toISOString();
  const milliseconds = end === INSTANT_LENGTH ? '.000' : value.slice(INSTANT_LENGTH, Math.min(end, 23)).padEnd(4, '0');
  return `${value.slice(0, 10)}T${value.slice(11, INSTANT_LENGTH)}${milliseconds}Z`;
}

import { DICTIONARY_TYPES } from '#contracts';
import type { RecordPolicy } from '#platform';
import { DictionaryEntry } from './dictionary-entry.entity.js';

const TYPES = Object.keys(DICTIONARY_TYPES).map((type) => `'${type}'`);
/** In addresses they may stand with hyphens. Every type has entries: they are seeded, and none is ever deleted from the table. */
const ofType = `t.type = replace(:type, '-', '_') AND t.type IN (${TYPES.join(', ')})`;

export const DictionaryPolicy: RecordPolicy = {
  kind: 'dictionary',
  table: 'dictionary_entry',
  key: ofType,
  readRight: 'dictionary.read',
};

export const DictionaryEntryPolicy: RecordPolicy = {
  kind: 'dictionary-entry',
  entity: DictionaryEntry,
  table: 'dictionary_entry',
  key: `${ofType} AND t.code = :code`,
  readRight: 'dictionary.read',
  alive: 'NOT t.removed',
};

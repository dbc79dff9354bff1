import {
  CrmError,
  DICTIONARY_TYPES,
  DictionaryRoutes,
  type DictionaryEntryView,
  type DictionaryType,
  dictionaryTypeFacts,
  type DictionaryTypeView,
} from '#contracts';
import { readList, runSql, type ListPlan, type ListQuery, type Page } from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** The entries of the type $1, each with its place in the tree. Without a tree, all stand at the top. */
const ENTRIES = `(
  WITH RECURSIVE tree AS (
    SELECT e.*, 1 AS level, ARRAY[e.code] AS path FROM dictionary_entry e WHERE e.type = $1 AND e.parent IS NULL
    UNION ALL
    SELECT e.*, tree.level + 1, tree.path || e.code FROM tree JOIN dictionary_entry e ON e.type = $1 AND e.parent = tree.code)
  SELECT * FROM tree WHERE NOT removed) t`;
const VIEW = `t.type, t.code, t.version, jsonb_build_object('zh', t.label_zh, 'en', t.label_en) AS label, t.sort_order AS "order",
  t.active, t.editable, t.parent, t.level, t.path`;

const PLAN: ListPlan<DictionaryEntryView> = {
  definition: DictionaryRoutes.listDictionary.list,
  from: ENTRIES,
  select: VIEW,
  columns: { order: 't.sort_order', active: 't.active', parent: 't.parent', level: 't.level' },
  id: 't.code',
};

/** Reads: retired entries too, since old records show them. */
@Injectable()
export class DictionaryQueries {
  constructor(private readonly dataSource: DataSource) {}

  types(): Page<DictionaryTypeView> {
    const items = (Object.keys(DICTIONARY_TYPES) as DictionaryType[]).map((type) => {
      const { label, tree = false, fixed = false } = dictionaryTypeFacts(type);
      return { type, label, tree, fixed };
    });
    return { items, nextCursor: null };
  }

  list(type: DictionaryType, query: ListQuery): Promise<Page<DictionaryEntryView>> {
    return readList(this.dataSource, { ...PLAN, where: { sql: 'true', parameters: [type] } }, query);
  }

  async one(id: string): Promise<DictionaryEntryView> {
    const [row] = await runSql<DictionaryEntryView>(
      this.dataSource.manager,
      `WITH RECURSIVE up AS (
         SELECT e.type, e.parent, ARRAY[e.code] AS path FROM dictionary_entry e WHERE e.id = $1
         UNION ALL SELECT e.type, e.parent, e.code || up.path FROM up JOIN dictionary_entry e ON e.type = up.type AND e.code = up.parent)
       SELECT ${VIEW} FROM (
         SELECT e.*, cardinality(up.path) AS level, up.path FROM dictionary_entry e, up
          WHERE e.id = $1 AND NOT e.removed AND up.parent IS NULL) t`,
      [id],
    );
    if (!row) throw new CrmError('not-found');
    return row;
  }
}

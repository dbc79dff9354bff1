import { CrmError, DictionaryRoutes, type DictionaryEntryView } from '#contracts';
import { readList, type ListPlan, type ListQuery, type Page } from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const PLAN: ListPlan<DictionaryEntryView> = {
  definition: DictionaryRoutes.listDictionary.list,
  from: 'dictionary_entry t',
  select: `t.type, t.code, jsonb_build_object('zh', t.label_zh, 'en', t.label_en) AS label, t.sort_order AS "order", t.active, t.editable`,
  columns: { order: 't.sort_order', active: 't.active' },
  id: 't.code',
  view: ({ type, code, label, order, active, editable }: DictionaryEntryView) => ({
    type,
    code,
    label,
    order,
    active,
    editable,
  }),
};

/** Reads: retired entries too, since old records show them. */
@Injectable()
export class DictionaryQueries {
  constructor(private readonly dataSource: DataSource) {}

  /** `named` is the type as the table has it or with hyphens, as addresses usually have them. */
  async list(named: string, query: ListQuery): Promise<Page<DictionaryEntryView>> {
    const type = named.replaceAll('-', '_');
    const known: unknown[] = await this.dataSource.query('SELECT FROM dictionary_entry WHERE type = $1 LIMIT 1', [
      type,
    ]);
    if (known.length === 0) throw new CrmError('not-found');
    return readList(this.dataSource, { ...PLAN, where: { sql: 't.type = $1', parameters: [type] } }, query);
  }
}

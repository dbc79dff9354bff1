import { CrmError, type DictionaryEntryView } from '#contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Reads: retired entries too, since old records show them. */
@Injectable()
export class DictionaryQueries {
  constructor(private readonly dataSource: DataSource) {}

  /** `type` as the table has it or with hyphens, as addresses usually have them. */
  async list(type: string): Promise<{ items: DictionaryEntryView[]; nextCursor: null }> {
    const items = await this.dataSource.query<DictionaryEntryView[]>(
      `SELECT type, code, jsonb_build_object('zh', label_zh, 'en', label_en) AS label, sort_order AS "order", active, editable
         FROM dictionary_entry WHERE type = $1 ORDER BY sort_order, code`,
      [type.replaceAll('-', '_')],
    );
    if (items.length === 0) throw new CrmError('not-found');
    return { items, nextCursor: null };
  }
}

import { DictionaryEntryAdded } from '#contracts';
import { systemContext, type Tx, UnitOfWork } from '#platform';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { v7 } from 'uuid';
import { DICTIONARY_SEED } from './dictionary.seed.js';
import { lockDictionary } from './dictionary.tree.js';

/** Fills the dictionary at a first start. A type that has any entry is the administrators' and is left alone. */
@Injectable()
export class DictionarySeeder implements OnApplicationBootstrap {
  constructor(private readonly uow: UnitOfWork) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.uow.run(systemContext(), (tx) => this.seed(tx));
  }

  private async seed(tx: Tx): Promise<void> {
    // One copy seeds, the others wait and then find the entries.
    await lockDictionary(tx);
    const known = await tx.query<{ type: string }>('SELECT DISTINCT type FROM dictionary_entry');
    const types = new Set(known.map(({ type }) => type));
    const entries = Object.entries(DICTIONARY_SEED)
      .filter(([type]) => !types.has(type))
      .flatMap(([type, seed]) =>
        seed.entries.map(([code, zh, en, parent = null], index) => ({
          entryId: v7(),
          type,
          code,
          label: { zh, en },
          order: index + 1,
          active: true,
          editable: seed.editable,
          parent,
        })),
      );
    await tx.query(
      `INSERT INTO dictionary_entry (id, type, code, label_zh, label_en, sort_order, active, editable, parent)
         SELECT e."entryId", e.type, e.code, e.label->>'zh', e.label->>'en', e."order", e.active, e.editable, e.parent
           FROM jsonb_to_recordset($1::jsonb) AS e("entryId" uuid, type text, code text, label jsonb, "order" int,
                                                   active boolean, editable boolean, parent text)`,
      [JSON.stringify(entries)],
    );
    tx.publish(...entries.map((entry) => DictionaryEntryAdded.of(entry.entryId, entry)));
  }
}

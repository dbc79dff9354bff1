import { type DataOf, DictionaryEntryAdded, DictionaryEntryUpdated } from '#contracts';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { EventTx } from '../db/tx.js';
import { On } from '../events/on.decorator.js';

/** Keeps a copy of the dictionary in the services that do not own it. */
@Controller()
export class DictionaryCopyConsumer {
  @On(DictionaryEntryAdded, { independent: true })
  added(@Payload() entry: DataOf<typeof DictionaryEntryAdded>, @Ctx() tx: EventTx) {
    return this.keep(entry, tx);
  }

  @On(DictionaryEntryUpdated, { independent: true })
  updated(@Payload() entry: DataOf<typeof DictionaryEntryUpdated>, @Ctx() tx: EventTx) {
    return this.keep(entry, tx);
  }

  private async keep(entry: DataOf<typeof DictionaryEntryAdded>, tx: EventTx) {
    await tx.query(
      `INSERT INTO dictionary_entry (id, type, code, label_en, label_zh, sort_order, active, editable)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (id) DO UPDATE SET label_en = excluded.label_en, label_zh = excluded.label_zh,
         sort_order = excluded.sort_order, active = excluded.active, editable = excluded.editable`,
      [
        entry.entryId,
        entry.type,
        entry.code,
        entry.label.en,
        entry.label.zh,
        entry.order,
        entry.active,
        entry.editable,
      ],
    );
  }
}

import { type DataOf, DictionaryEntryAdded, DictionaryEntryRemoved, DictionaryEntryUpdated } from '#contracts';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { EventTx } from '../db/tx.js';
import { On } from '../events/on.decorator.js';

type Entry = DataOf<typeof DictionaryEntryAdded>;

/** Keeps a copy of the dictionary in the services that do not own it. */
@Controller()
export class DictionaryCopyConsumer {
  @On(DictionaryEntryAdded, { independent: true })
  async added(@Payload() entry: Entry, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, entry, false);
  }

  @On(DictionaryEntryUpdated, { independent: true })
  async updated(@Payload() entry: Entry, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, entry, false);
  }

  /** The row stays, so that whoever picked the code a moment ago can still show its label. */
  @On(DictionaryEntryRemoved, { independent: true })
  async removed(@Payload() entry: Entry, @Ctx() tx: EventTx): Promise<void> {
    await keep(tx, entry, true);
  }
}

const keep = (tx: EventTx, entry: Entry, removed: boolean) =>
  tx.query(
    `INSERT INTO dictionary_entry (id, type, code, label_en, label_zh, sort_order, active, editable, parent, removed)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (id) DO UPDATE SET label_en = excluded.label_en, label_zh = excluded.label_zh, sort_order = excluded.sort_order,
       active = excluded.active, editable = excluded.editable, parent = excluded.parent, removed = excluded.removed`,
    [
      entry.entryId,
      entry.type,
      entry.code,
      entry.label.en,
      entry.label.zh,
      entry.order,
      entry.active && !removed,
      entry.editable,
      entry.parent ?? null,
      removed,
    ],
  );

import {
  CrmError,
  type DictionaryEntryChanges,
  type DictionaryEntryInput,
  type DictionaryEntryView,
  type DictionaryType,
  dictionaryTypeFacts,
} from '#contracts';
import { type Tx, UnitOfWork, type RequestContext } from '#platform';
import { Injectable } from '@nestjs/common';
import { DictionaryEntry } from './dictionary-entry.entity.js';
import { heightOf, lockDictionary, pathOf, requireParent } from './dictionary.tree.js';

/** Use cases: one method, one transaction. Those that change entries come one after the other. */
@Injectable()
export class DictionaryService {
  constructor(private readonly uow: UnitOfWork) {}

  add(context: RequestContext, type: DictionaryType, input: DictionaryEntryInput): Promise<DictionaryEntryView> {
    return this.uow.run(context, async (tx) => {
      await lockDictionary(tx);
      const above = input.parent ? await requireParent(tx, type, input.code, input.parent) : [];
      if (dictionaryTypeFacts(type).fixed) throw new CrmError('not-editable', { dictionary: type, code: input.code });
      const known = await tx.find(DictionaryEntry, { type, code: input.code });
      if (known && !known.removed) throw new CrmError('already-exists', { field: 'code' });
      const entry = known ?? DictionaryEntry.of(type, input.code);
      tx.publish(entry.add(input, input.order ?? (await nextOrder(tx, type))));
      await (known ? tx.save(entry) : tx.insert(entry));
      return entry.view([...above, entry.code]);
    });
  }

  change(context: RequestContext, id: string, changes: DictionaryEntryChanges): Promise<DictionaryEntryView> {
    return this.uow.run(context, async (tx) => {
      await lockDictionary(tx);
      const entry = await tx.load(DictionaryEntry, id);
      const { parent } = changes;
      if (parent && parent !== entry.parent)
        await requireParent(tx, entry.type, entry.code, parent, await heightOf(tx, entry.type, entry.code));
      const changed = entry.change(changes);
      if (changed) {
        tx.publish(changed);
        await tx.save(entry);
      }
      return entry.view(await pathOf(tx, entry.type, entry.code));
    });
  }

  remove(context: RequestContext, id: string): Promise<void> {
    return this.uow.run(context, async (tx) => {
      await lockDictionary(tx);
      const entry = await tx.load(DictionaryEntry, id);
      const children = await tx.query(
        'SELECT FROM dictionary_entry WHERE type = $1 AND parent = $2 AND NOT removed LIMIT 1',
        [entry.type, entry.code],
      );
      tx.publish(entry.remove(children.length > 0));
      await tx.save(entry);
    });
  }
}

async function nextOrder(tx: Tx, type: DictionaryType): Promise<number> {
  const [row] = await tx.query<{ next: number }>(
    'SELECT least(coalesce(max(sort_order), 0) + 1, 1000000) AS next FROM dictionary_entry WHERE type = $1 AND NOT removed',
    [type],
  );
  return row!.next;
}

import { CrmError, type DictionaryType } from '#contracts';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { runSql } from '../db/sql.js';
import type { Tx } from '../db/tx.js';
import { Readiness } from '../start/readiness.js';
import { withDescendants } from './descendants.js';
import { fold } from '../text/fold.js';

/** One field whose value must be picked from a dictionary; an empty one is not looked at. */
export interface DictionaryChoice {
  readonly field: string;
  readonly type: DictionaryType;
  readonly code: string | null | undefined;
}
type Chosen = DictionaryChoice & { readonly code: string };

/** The entries of one dictionary that can be chosen. */
export interface DictionaryChoices {
  readonly codes: ReadonlySet<string>;
  /** Codes by their labels, folded; a label that two entries have is not there. */
  readonly byLabel: ReadonlyMap<string, string>;
}

/** The dictionary as this service knows it (DIC-3): the owner's table, or a copy kept by events. */
@Injectable()
export class Dictionary implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly readiness: Readiness,
  ) {}

  onModuleInit(): void {
    this.readiness.require({
      name: 'dictionary not known yet',
      isReady: async () => {
        const [row] = await this.dataSource.query<Array<{ ready: boolean }>>(
          'SELECT EXISTS (SELECT 1 FROM dictionary_entry) AS ready',
        );
        return row!.ready;
      },
    });
  }

  /** @throws CrmError unknown-dictionary-code, naming every field that is wrong */
  async requireActive(tx: Tx, choices: readonly DictionaryChoice[]): Promise<void> {
    const wrong = await this.choose(tx, choices);
    if (wrong.length > 0) throw unknownCodes(wrong);
  }

  /**
   * Picks the codes for records of this transaction and gives back those that cannot be picked.
   * The first pick of an entry marks it, under the lock of its row, so that it is not removed at the same moment (DIC-2).
   */
  async choose(tx: Tx, choices: readonly DictionaryChoice[]): Promise<Chosen[]> {
    const chosen = choices.filter((choice): choice is Chosen => typeof choice.code === 'string');
    if (chosen.length === 0) return [];
    const active = await tx.query<{ id: string; type: string; code: string; used: boolean }>(
      `SELECT e.id, e.type, e.code, e.used FROM dictionary_entry e JOIN unnest($1::text[], $2::text[]) AS c (type, code) USING (type, code) WHERE e.active`,
      [chosen.map(({ type }) => type), chosen.map(({ code }) => code)],
    );
    const unused = active.filter(({ used }) => !used).map(({ id }) => id);
    const marked = new Set(unused.length > 0 ? await markUsed(tx, unused) : []);
    const known = new Set(active.filter(({ id, used }) => used || marked.has(id)).map(keyOf));
    return chosen.filter((choice) => !known.has(keyOf(choice)));
  }

  /** For filters and reports that roll up: these codes and all that lie below them. */
  withDescendants(type: DictionaryType, codes: readonly string[]): Promise<string[]> {
    return withDescendants(this.dataSource.manager, type, codes);
  }

  /** What can be chosen from each of these dictionaries now. */
  async choices(types: readonly string[]): Promise<ReadonlyMap<string, DictionaryChoices>> {
    const rows = await runSql<{ type: string; code: string; en: string; zh: string }>(
      this.dataSource.manager,
      'SELECT type, code, label_en AS en, label_zh AS zh FROM dictionary_entry WHERE active AND type = ANY($1)',
      [types],
    );
    return new Map(
      types.map((type) => {
        const entries = rows.filter((row) => row.type === type);
        const labels = entries.flatMap(({ en, zh }) => [...new Set([fold(en), fold(zh)])]);
        const single = new Set(labels.filter((label) => labels.indexOf(label) === labels.lastIndexOf(label)));
        const byLabel = new Map(
          entries.flatMap(({ code, en, zh }) => [fold(en), fold(zh)].map((label) => [label, code])),
        );
        for (const label of byLabel.keys()) if (!single.has(label)) byLabel.delete(label);
        return [type, { codes: new Set(entries.map(({ code }) => code)), byLabel }];
      }),
    );
  }
}

const keyOf = ({ type, code }: { type: string; code: string }): string => `${type}\n${code}`;

/** Those that are no longer active when their lock is there are not among the ids that come back. */
async function markUsed(tx: Tx, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `UPDATE dictionary_entry SET used = true
      WHERE id IN (SELECT id FROM dictionary_entry WHERE id = ANY ($1::uuid[]) AND active ORDER BY id FOR UPDATE) RETURNING id`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

export function unknownCodes(wrong: readonly { field: string; type: string; code: string }[]): CrmError {
  const [first] = wrong;
  return new CrmError(
    'unknown-dictionary-code',
    { dictionary: first!.type, code: first!.code },
    wrong.map(({ field, type, code }) => ({
      path: field,
      code: 'unknown_dictionary_code',
      message: `"${code}" is not an active entry of ${type} · “${code}”不是 ${type} 的有效项`,
    })),
  );
}

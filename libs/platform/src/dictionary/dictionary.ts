import { CrmError } from '#contracts';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Tx } from '../db/tx.js';
import { Readiness } from '../start/readiness.js';

/** One field whose value must be picked from a dictionary; an empty one is not looked at. */
export interface DictionaryChoice {
  readonly field: string;
  readonly type: string;
  readonly code: string | null | undefined;
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
    const chosen = choices.filter(
      (choice): choice is DictionaryChoice & { code: string } => typeof choice.code === 'string',
    );
    if (chosen.length === 0) return;
    const rows = await tx.query<{ type: string; code: string }>(
      `SELECT e.type, e.code FROM dictionary_entry e JOIN unnest($1::text[], $2::text[]) AS c (type, code) USING (type, code) WHERE e.active`,
      [chosen.map((choice) => choice.type), chosen.map((choice) => choice.code)],
    );
    const active = new Set(rows.map((row) => `${row.type}\n${row.code}`));
    const wrong = chosen.filter((choice) => !active.has(`${choice.type}\n${choice.code}`));
    if (wrong.length === 0) return;
    const [first] = wrong;
    throw new CrmError(
      'unknown-dictionary-code',
      { dictionary: first!.type, code: first!.code },
      wrong.map(({ field, type, code }) => ({
        path: field,
        code: 'unknown_dictionary_code',
        message: `"${code}" is not an active entry of ${type} · “${code}”不是 ${type} 的有效项`,
      })),
    );
  }
}

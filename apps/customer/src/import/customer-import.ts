import { setTimeout as sleep } from 'node:timers/promises';
import { type Actor, CUSTOMER_COLUMNS } from '#contracts';
import {
  Dictionary,
  importBatches,
  type ImportRow,
  type JobColumn,
  type JobKind,
  People,
  pickCodes,
  type RunningJob,
  type TableFormat,
} from '#platform';
import { Injectable } from '@nestjs/common';
import { settleEditedKeys } from '../duplicate/new-keys.js';
import { customerRow, DICTIONARIES } from './customer-row.js';
import { undoCustomers } from './customer-undo.js';
import { writeCustomers } from './customer-writer.js';
import { CUSTOMER_IMPORT, lockImports } from './import-locks.js';
import type { ImportReference } from './row-values.js';
import { UNDO_RESULT } from './undo.js';

/** Rows of one transaction: enough to pay for it, few enough that who waits for it hardly notices. */
const CHUNK = 2000;
const LONGEST_EDIT_MS = 10_000;
const FIRST_PAUSE_MS = 20;

export interface ImportParameters {
  readonly format: TableFormat;
}
/** The line behind which it goes on. */
export interface Position {
  readonly line: number;
}

export const OUTCOME: JobColumn = {
  field: 'outcome',
  label: { en: 'outcome', zh: '结果' },
  values: { created: { en: 'created', zh: '已创建' }, known: { en: 'known already', zh: '已存在' } },
};

/** CUS-8: customers from a file. */
@Injectable()
export class CustomerImport implements JobKind<ImportParameters, Position> {
  readonly kind = CUSTOMER_IMPORT;
  readonly right = 'customer.import';
  readonly result: readonly JobColumn[] = [
    OUTCOME,
    { field: 'code', label: { en: 'number', zh: '客户编号' } },
    { field: 'duplicates', label: { en: 'likely duplicates', zh: '疑似重复' } },
    {
      field: 'note',
      label: { en: 'note', zh: '说明' },
      values: {
        contact_without_name: { en: 'no contact was made: its name is missing', zh: '未创建联系人:缺少姓名' },
      },
    },
  ];
  readonly undoResult = UNDO_RESULT;
  readonly undo = undoCustomers;

  constructor(
    private readonly people: People,
    private readonly dictionary: Dictionary,
  ) {}

  async run(job: Job): Promise<void> {
    let position: Position = job.position ?? { line: 0 };
    const batches = importBatches({
      source: job.input,
      format: job.parameters.format,
      columns: CUSTOMER_COLUMNS,
      after: position.line,
      size: CHUNK,
      prepare: async (rows) => {
        const reference = await this.reference(job.context.actor, rows);
        return (row) => customerRow(row, reference);
      },
    });
    // Edits that began before this job was there do not know of it.
    await editsOfNow(job, position);
    try {
      for await (const { good, failures, processed, line } of batches) {
        const chunk = await job.chunk(async (tx) => {
          const { chosen, refused } = await pickCodes(tx, this.dictionary, DICTIONARIES, good);
          const results = await writeCustomers(tx, job.id, chosen);
          return { position: { line }, processed, failures: [...failures, ...refused], results };
        });
        position = chunk.position;
      }
    } finally {
      // What is in stays in when the rest of the file cannot be read.
      await editsOfNow(job, position);
      await job.chunk(async (tx) => {
        await lockImports(tx);
        await settleEditedKeys(tx);
        return { position, processed: 0 };
      });
    }
  }

  private async reference(actor: Actor, rows: readonly ImportRow[]): Promise<ImportReference> {
    const owners = rows.flatMap(({ values }) => values.owner?.trim() ?? []);
    const [people, codes] = await Promise.all([
      this.people.byUsername(owners, 'customer.update'),
      this.dictionary.choices(Object.values(DICTIONARIES)),
    ]);
    return {
      actor,
      people,
      codes,
      isEligible: actor.kind === 'user' && actor.rights['customer.update'] === 'own',
    };
  }
}

type Job = RunningJob<ImportParameters, Position>;

/** Until the transactions that write at this moment have ended; a while at most, because one of them may be no edit. */
async function editsOfNow(job: Job, position: Position): Promise<void> {
  const ask = async <T>(sql: string, parameters: readonly unknown[] = []): Promise<T> => {
    let answer: T | undefined;
    await job.chunk(async (tx) => {
      [answer] = (await tx.query(sql, parameters)) as T[];
      return { position, processed: 0 };
    });
    return answer!;
  };
  // Its own number: whoever wrote before has a lower one. The snapshot's upper end may lie below that of one who still writes.
  const { now } = await ask<{ now: string }>('SELECT pg_current_xact_id()::text AS now');
  const ended = 'SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 AS ended';
  for (let waited = 0, pause = FIRST_PAUSE_MS; waited < LONGEST_EDIT_MS; waited += pause, pause *= 2) {
    if ((await ask<{ ended: boolean }>(ended, [now])).ended) return;
    await sleep(pause);
  }
}

import { CUSTOMER_COLUMNS } from '#contracts';
import {
  currentContext,
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
import { customerRow, DICTIONARIES } from './customer-row.js';
import { undoCustomers } from './customer-undo.js';
import { writeCustomers } from './customer-writer.js';
import type { ImportReference } from './row-values.js';
import { UNDO_RESULT } from './undo.js';

/** Rows of one transaction: enough to pay for it, few enough that who waits for it hardly notices. */
const CHUNK = 2000;

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
  readonly kind = 'customer-import';
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

  async run(job: RunningJob<ImportParameters, Position>): Promise<void> {
    const batches = importBatches({
      source: job.input,
      format: job.parameters.format,
      columns: CUSTOMER_COLUMNS,
      after: job.position?.line ?? 0,
      size: CHUNK,
      prepare: async (rows) => {
        const reference = await this.reference(rows);
        return (row) => customerRow(row, reference);
      },
    });
    for await (const { good, failures, processed, line } of batches)
      await job.chunk(async (tx) => {
        const { chosen, refused } = await pickCodes(tx, this.dictionary, DICTIONARIES, good);
        const results = await writeCustomers(tx, job.id, chosen);
        return { position: { line }, processed, failures: [...failures, ...refused], results };
      });
  }

  private async reference(rows: readonly ImportRow[]): Promise<ImportReference> {
    const { actor } = currentContext()!;
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

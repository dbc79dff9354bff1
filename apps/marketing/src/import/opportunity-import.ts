import { type Actor, OPPORTUNITY_COLUMNS } from '#contracts';
import {
  Dictionary,
  importBatches,
  type ImportRow,
  type JobColumn,
  type JobKind,
  People,
  pickCodes,
  type RunningJob,
  SERVICE_CONFIG,
  type ServiceConfig,
  type TableFormat,
} from '#platform';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { firstStage } from '../opportunity/opportunity.service.js';
import { OPPORTUNITY_ACTS } from '../opportunity/opportunity.timeline.js';
import type { ImportReference } from './import-reference.js';
import { DICTIONARIES, opportunityRow } from './opportunity-row.js';
import { undoOpportunities } from './opportunity-undo.js';
import { writeOpportunities } from './opportunity-writer.js';

/** Rows of one transaction: enough to pay for it, few enough that who waits for it hardly notices. */
const CHUNK = 1000;

export interface ImportParameters {
  readonly format: TableFormat;
}
/** The line behind which it goes on. */
export interface Position {
  readonly line: number;
}

const CODE: JobColumn = { field: 'code', label: { en: 'code', zh: '机会编号' } };

/** MKT-9: opportunities of any status from a file. */
@Injectable()
export class OpportunityImport implements JobKind<ImportParameters, Position> {
  readonly kind = 'opportunity-import';
  readonly right = 'opportunity.import';
  readonly result: readonly JobColumn[] = [
    {
      field: 'outcome',
      label: { en: 'outcome', zh: '结果' },
      values: { created: { en: 'created', zh: '已创建' }, known: { en: 'known already', zh: '已存在' } },
    },
    CODE,
  ];
  readonly undoResult: readonly JobColumn[] = [
    CODE,
    {
      field: 'outcome',
      label: { en: 'outcome', zh: '结果' },
      values: { taken_back: { en: 'taken back', zh: '已撤销' }, kept: { en: 'kept', zh: '保留' } },
    },
    {
      field: 'reason',
      label: { en: 'what happened to it since', zh: '此后的变更' },
      values: {
        ...OPPORTUNITY_ACTS,
        deleted: { en: 'deleted', zh: '删除' },
        customer_made: { en: 'it was won, and made a customer', zh: '已开发成功并生成客户' },
      },
    },
  ];
  readonly undo = undoOpportunities;

  constructor(
    private readonly people: People,
    private readonly dictionary: Dictionary,
    private readonly dataSource: DataSource,
    @Inject(SERVICE_CONFIG) private readonly config: Pick<ServiceConfig, 'BUSINESS_TIMEZONE'>,
  ) {}

  async run(job: RunningJob<ImportParameters, Position>): Promise<void> {
    const batches = importBatches({
      source: job.input,
      format: job.parameters.format,
      columns: OPPORTUNITY_COLUMNS,
      after: job.position?.line ?? 0,
      size: CHUNK,
      prepare: async (rows) => {
        const reference = await this.reference(job.context.actor, rows);
        return (row) => opportunityRow(row, reference);
      },
    });
    for await (const { good, failures, processed, line } of batches)
      await job.chunk(async (tx) => {
        const { chosen, refused } = await pickCodes(tx, this.dictionary, DICTIONARIES, good);
        const results = await writeOpportunities(tx, job.id, chosen);
        return { position: { line }, processed, failures: [...failures, ...refused], results };
      });
  }

  private async reference(actor: Actor, rows: readonly ImportRow[]): Promise<ImportReference> {
    const usernames = rows
      .flatMap(({ values }) => [values.createdBy, values.assignee])
      .filter((name) => name !== undefined);
    const [people, codes, stage] = await Promise.all([
      this.people.byUsername(
        usernames.map((name) => name.trim()),
        'opportunity.develop',
      ),
      this.dictionary.choices(Object.values(DICTIONARIES)),
      firstStage(this.dataSource.manager),
    ]);
    return {
      actor,
      people,
      codes,
      firstStage: stage,
      now: new Date(),
      timeZone: this.config.BUSINESS_TIMEZONE,
    };
  }
}

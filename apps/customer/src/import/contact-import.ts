import { CONTACT_COLUMNS } from '#contracts';
import { importBatches, type JobColumn, type JobKind, type RunningJob } from '#platform';
import { Injectable } from '@nestjs/common';
import { contactRow } from './contact-row.js';
import { undoContacts } from './contact-undo.js';
import { writeContacts } from './contact-writer.js';
import { type ImportParameters, OUTCOME, type Position } from './customer-import.js';
import { UNDO_RESULT } from './undo.js';

/** The phones of a chunk are locked one by one, and PostgreSQL has room for some thousands of locks. */
const CHUNK = 300;

/** CUS-3: contacts from a file, each of a customer that is there. */
@Injectable()
export class ContactImport implements JobKind<ImportParameters, Position> {
  readonly kind = 'contact-import';
  readonly right = 'customer.import';
  readonly result: readonly JobColumn[] = [
    OUTCOME,
    { field: 'code', label: { en: 'customer number', zh: '客户编号' } },
  ];
  readonly undoResult = UNDO_RESULT;
  readonly undo = undoContacts;

  async run(job: RunningJob<ImportParameters, Position>): Promise<void> {
    const batches = importBatches({
      source: job.input,
      format: job.parameters.format,
      columns: CONTACT_COLUMNS,
      after: job.position?.line ?? 0,
      size: CHUNK,
      prepare: () => Promise.resolve(contactRow),
    });
    for await (const { good, failures, processed, line } of batches)
      await job.chunk(async (tx) => {
        const written = await writeContacts(tx, job.id, good);
        return {
          position: { line },
          processed,
          failures: [...failures, ...written.failures],
          results: written.results,
        };
      });
  }
}

import { type Actor, type JobView, TABLE_FILES } from '#contracts';
import { parse } from 'csv-parse/sync';
import type { TestService } from './test-service.js';

export const [CSV, XLSX] = TABLE_FILES;

/** What imports do, as people who import see it. */
export class Imports {
  constructor(
    private readonly service: TestService,
    private readonly path: string,
    /** Who imports, where it is nobody else. */
    private readonly manager: Actor,
  ) {}

  send(file: string | Buffer, who: Actor = this.manager, type: string = CSV) {
    const bytes = Buffer.from(file as string);
    return this.service.as(who).post(`/api/v1${this.path}`).set('content-type', type).send(bytes);
  }

  /** Sends the file and waits for the end of its job. */
  async run(file: string | Buffer, who?: Actor, type?: string): Promise<JobView> {
    const { body } = await this.send(file, who, type).expect(202);
    return this.ended((body as JobView).id, who);
  }

  async job(id: string, who: Actor = this.manager): Promise<JobView> {
    return (await this.service.as(who).get(`/api/v1/jobs/${id}`).expect(200)).body as JobView;
  }

  async ended(id: string, who?: Actor): Promise<JobView> {
    let job = await this.job(id, who);
    await this.service.eventually(async () => {
      job = await this.job(id, who);
      return job.status === 'succeeded' || job.status === 'failed';
    }, `the import ${id} did not end`);
    return job;
  }

  /** The rows of a file of the job, by their headers. */
  async rows(
    { id }: JobView,
    file: 'errors' | 'result',
    who: Actor = this.manager,
    language = 'en',
  ): Promise<Record<string, string>[]> {
    const request = this.service.as(who).get(`/api/v1/jobs/${id}/${file}`).set('accept-language', language);
    const { text } = await request.expect(200).expect('content-type', 'text/csv; charset=utf-8');
    return parse(text, { columns: true, bom: true });
  }

  /** Takes the import back and waits for the end of that. */
  async undo({ id }: JobView, who: Actor = this.manager): Promise<JobView> {
    const { body } = await this.service.as(who).post(`/api/v1/jobs/${id}/undo`).expect(202);
    return this.ended((body as JobView).id, who);
  }
}

import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../src/app.js';
import { type Marketing, startMarketing } from './marketing.fixture.js';

let marketing: Marketing;
beforeAll(async () => {
  marketing = await startMarketing();
});
afterAll(() => marketing?.service.stop());

/** All but what the platform's own migrations make. */
const OURS =
  /^(?!.*(outbox|event_sequence|relay_epoch|consumer_|dead_letter|idempotency_key|person|role_grant|dictionary_entry|migrations|job))/;

/** Every column, constraint, index and sequence of the schema, one a line. */
const shape = async () =>
  (
    await marketing.service.query<{ line: string }>(
      `SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) AS line
         FROM information_schema.columns WHERE table_schema = 'marketing'
       UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
         FROM pg_constraint WHERE connamespace = 'marketing'::regnamespace
       UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'marketing'
       UNION ALL SELECT sequence_name FROM information_schema.sequences WHERE sequence_schema = 'marketing'
       UNION ALL SELECT stxname FROM pg_statistic_ext WHERE stxnamespace = 'marketing'::regnamespace
       ORDER BY 1`,
    )
  ).map(({ line }) => line);

it('goes down to nothing of its own and up again to the same shape', async () => {
  await marketing.service.halt();
  const dataSource = new DataSource({
    type: 'postgres',
    url: marketing.service.database.url,
    extra: { options: '-c search_path=marketing' },
  });
  await dataSource.initialize();
  const runner = dataSource.createQueryRunner();
  try {
    const before = await shape();
    expect(before.filter((line) => OURS.test(line)).length).toBeGreaterThan(60);
    for (const Migration of MIGRATIONS.toReversed()) await new Migration().down(runner);
    expect((await shape()).filter((line) => OURS.test(line))).toEqual([]);
    for (const Migration of MIGRATIONS) await new Migration().up(runner);
    expect(await shape()).toEqual(before);
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
});

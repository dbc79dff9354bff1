import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../src/app.js';
import { startWorld, type World } from './customer.fixture.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

/** All but what the platform's own migrations make. */
const OURS =
  /^(?!.*(outbox|event_sequence|relay_epoch|consumer_|dead_letter|idempotency_key|person|role_grant|dictionary_entry|job|migrations))/;

/** Every column, constraint, index and trigger of the schema, one a line. */
const shape = async () =>
  (
    await world.service.query<{ line: string }>(
      `SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) AS line
         FROM information_schema.columns WHERE table_schema = 'customer'
       UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
         FROM pg_constraint WHERE connamespace = 'customer'::regnamespace
       UNION ALL SELECT pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
         WHERE c.relnamespace = 'customer'::regnamespace AND NOT g.tgisinternal
       UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'customer'
       UNION ALL SELECT sequence_name FROM information_schema.sequences WHERE sequence_schema = 'customer'
       ORDER BY 1`,
    )
  ).map(({ line }) => line);

it('goes down to nothing of its own and up again to the same shape', async () => {
  await world.service.halt();
  const dataSource = new DataSource({
    type: 'postgres',
    url: world.service.database.url,
    extra: { options: '-c search_path=customer' },
  });
  await dataSource.initialize();
  const runner = dataSource.createQueryRunner();
  try {
    const before = await shape();
    expect(before.filter((line) => OURS.test(line)).length).toBeGreaterThan(90);
    for (const Migration of MIGRATIONS.toReversed()) await new Migration().down(runner);
    expect((await shape()).filter((line) => OURS.test(line))).toEqual([]);
    for (const Migration of MIGRATIONS) await new Migration().up(runner);
    expect(await shape()).toEqual(before);
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
});

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { Customer1763700100000 } from '../src/migrations/1763700100000-customer.js';
import { Sales1763700200000 } from '../src/migrations/1763700200000-sales.js';
import { startWorld, type World } from './customer.fixture.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

const OURS = /^(customer|contact|product|stock|sales_order|sales_order_line|feed_rejection|customer_number)([. ]|$)/;

/** Every column, constraint and index of the schema, one a line. */
const shape = async () =>
  (
    await world.service.query<{ line: string }>(
      `SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) AS line
         FROM information_schema.columns WHERE table_schema = 'customer'
       UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
         FROM pg_constraint WHERE connamespace = 'customer'::regnamespace
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
    await new Sales1763700200000().down(runner);
    await new Customer1763700100000().down(runner);
    expect((await shape()).filter((line) => OURS.test(line))).toEqual([]);
    await new Customer1763700100000().up(runner);
    await new Sales1763700200000().up(runner);
    expect(await shape()).toEqual(before);
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
});

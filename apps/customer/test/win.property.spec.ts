import { CustomerCreated, type Envelope, OpportunityUpdated } from '#contracts';
import fc from 'fast-check';
import { startWorld, type World, wonBy } from './customer.fixture.js';

/**
 * Lets commits fail after everything in them was done: the next `failures` transactions that make a customer. A sequence
 * counts, because it does not go back with the transaction that it ends.
 */
const CRASH_AT_COMMIT = [
  'CREATE SEQUENCE commit_try',
  'CREATE TABLE commit_failures (until bigint NOT NULL)',
  'INSERT INTO commit_failures VALUES (0)',
  `CREATE FUNCTION crash_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     IF nextval('commit_try') <= (SELECT until FROM commit_failures) THEN RAISE EXCEPTION 'crashed at commit'; END IF;
     RETURN NULL;
   END $$`,
  `CREATE CONSTRAINT TRIGGER crash_at_commit AFTER INSERT ON customer
     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION crash_at_commit()`,
];

describe('A win', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    for (const statement of CRASH_AT_COMMIT) await world.service.query(statement);
  });
  afterAll(() => world?.service.stop());

  const failNextCommits = (failures: number) =>
    world.service.query(`UPDATE commit_failures SET until = (SELECT last_value FROM commit_try) + $1`, [failures]);

  it('MKT-6, EVT-2, EVT-3: makes one customer with its contact, whatever is repeated, reordered or breaks off between the steps', async () => {
    const { service } = world;
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ deliver: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.constant('restart' as const) },
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), fc.nat(3), async (steps, failures) => {
        const name = `Anything goes ${(round += 1)}`;
        const won = wonBy(world.alice.id, name);
        const edited = OpportunityUpdated.of(won.aggregateId, OpportunityUpdated.data.parse(won.data));
        // Three edits, then the win: as numbers 1 to 4 of the same opportunity.
        const envelopes: Envelope[] = [edited, edited, edited, won].map((event) => service.events.envelope(event));
        await failNextCommits(failures);
        for (const each of steps)
          if (each === 'restart') {
            // In the middle of whatever it is doing.
            await service.halt();
            await service.run();
          } else await service.events.send(envelopes[each.deliver]!);
        // The broker gives out again what was not acknowledged, so in the end everything has come, in some order.
        await service.events.send(...envelopes.toReversed());
        await service.applied(...envelopes);
        const customers = await service.query<{ id: string; owner_id: string }>(
          'SELECT id, owner_id FROM customer WHERE name = $1',
          [name],
        );
        expect(customers).toMatchObject([{ owner_id: world.alice.id }]);
        const { id } = customers[0]!;
        const contacts = await service.query('SELECT name, is_primary FROM contact WHERE customer_id = $1', [id]);
        expect(contacts).toEqual([{ name: 'Maria Anders', is_primary: true }]);
        const told = await service.query(`SELECT 1 FROM outbox WHERE type = $1 AND aggregate_id = $2`, [
          CustomerCreated.type,
          id,
        ]);
        expect(told).toHaveLength(1);
      }),
      { numRuns: 12 },
    );
    expect(await service.query(`SELECT 1 FROM dead_letter WHERE status = 'dead'`)).toEqual([]);
  }, 120_000);
});

import type { ContributionRow, Envelope } from '#contracts';
import { CustomerMerged, CustomerMergeUndone, CustomerTransferred } from '#contracts';
import { mergeHistory, type TestService } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v7 } from 'uuid';
import { created, customerFacts, orderFacts, person, recorded, REPORT, startReporting } from './world.js';

let reporting: TestService;
beforeAll(async () => {
  reporting = await startReporting();
});
afterAll(() => reporting?.stop());

const [manager, alice, bob] = [person('sales_manager'), person('account_manager'), person('account_manager')];
const report = async (query: object, actor = manager): Promise<ContributionRow[]> =>
  (
    await reporting
      .as(actor)
      .get(REPORT)
      .query({ limit: 200, ...query })
      .expect(200)
  ).body.items;

describe('contributions of customers that are merged', () => {
  it('REP-1, CUS-6: count for the survivor, year by year and currency by currency, and for its owner; after an undo as before', async () => {
    const [one, other] = [customerFacts('One', alice.id), customerFacts('Other', bob.id)];
    const orders = [
      orderFacts({ customerId: one.customerId, date: '2011-05-05', total: '10.00' }),
      orderFacts({ customerId: one.customerId, date: '2012-05-05', total: '20.00', currency: 'EUR' }),
      orderFacts({ customerId: other.customerId, date: '2011-05-05', total: '5.50' }),
    ];
    await reporting.deliver(created(one), created(other), ...orders.map(recorded));
    const rows = async (year: number, actor = manager) =>
      (await report({ year }, actor)).map(
        ({ customerName, currency, amount }) => `${customerName} ${currency} ${amount}`,
      );
    const all = async () => [await rows(2011), await rows(2012), await rows(2011, alice), await rows(2011, bob)];
    const before = await all();
    expect(before).toEqual([
      ['One USD 10.00', 'Other USD 5.50'],
      ['One EUR 20.00'],
      ['One USD 10.00'],
      ['Other USD 5.50'],
    ]);

    const merge = { ...one, intoId: other.customerId, mergeId: v7() };
    const moved = orders.slice(0, 2).map((order) => recorded({ ...order, customerId: other.customerId }));
    await reporting.deliver(CustomerMerged.of(one.customerId, merge), ...moved);
    expect(await all()).toEqual([['Other USD 15.50'], ['Other EUR 20.00'], [], ['Other USD 15.50']]);
    await reporting.deliver(...orders.slice(0, 2).map(recorded), CustomerMergeUndone.of(one.customerId, merge));
    expect(await all()).toEqual(before);
  });

  it('CUS-7: go with the customer to its new owner', async () => {
    const facts = customerFacts('Moves on', alice.id);
    await reporting.deliver(
      created(facts),
      recorded(orderFacts({ customerId: facts.customerId, date: '2013-05-05', total: '1.00' })),
    );
    expect(await report({ year: 2013 }, alice)).toHaveLength(1);
    const transferred = { ...facts, ownerId: bob.id, previousOwnerId: alice.id };
    await reporting.deliver(CustomerTransferred.of(facts.customerId, transferred));
    expect(await report({ year: 2013 }, alice)).toEqual([]);
    expect(await report({ year: 2013 }, bob)).toMatchObject([{ customerName: 'Moves on' }]);
  });

  it('REP-1, CUS-6, EVT-2: whatever is merged and undone, in whatever order it is told, each order counts once, for the survivor', async () => {
    const Step = fc.record({ undo: fc.boolean(), one: fc.nat(3), other: fc.nat(3) });
    const Order = fc.record({
      customer: fc.nat(3),
      date: fc.constantFrom('2014-01-01', '2015-01-01'),
      currency: fc.constantFrom('USD', 'CNY'),
      total: fc.integer({ min: 1, max: 1_000_000 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(Order, { minLength: 1, maxLength: 5 }),
        fc.array(Step, { maxLength: 8, size: 'max' }),
        fc.array(fc.nat(), { maxLength: 30 }),
        async (made, steps, disorder) => {
          const customers = [1, 2, 3, 4].map((n) => customerFacts(`Customer ${n}`));
          const orders = made.map(({ customer, total, ...order }) => ({
            customer,
            facts: orderFacts({ ...order, total: `${total}.00` }),
          }));
          const at = (stands: readonly number[], customer: number) => customers[stands[customer]!]!.customerId;
          const whose = ({ customer, facts }: (typeof orders)[number], stands: readonly number[]) =>
            recorded({ ...facts, customerId: at(stands, customer) });
          const start = [0, 1, 2, 3];
          const events = [...customers.map(created), ...orders.map((order) => whose(order, start))];
          let before: readonly number[] = start;
          for (const { event, stands } of mergeHistory(customers, steps)) {
            const moving = orders.filter(({ customer }) => stands[customer] !== before[customer]);
            events.push(event, ...moving.map((order) => whose(order, stands)));
            before = stands;
          }
          const envelopes = events.map((event) => reporting.events.envelope(event));
          await reporting.events.send(...shuffled(envelopes, disorder));
          await reporting.applied(...envelopes);

          const expected = new Map<string, number>();
          for (const { customer, facts } of orders)
            for (const year of [facts.date.slice(0, 4), 'all']) {
              const key = `${year} ${at(before, customer)} ${facts.currency}`;
              expected.set(key, (expected.get(key) ?? 0) + Number(facts.total));
            }
          const mine = new Set(customers.map(({ customerId }) => customerId));
          const shown = new Map<string, number>();
          for (const year of [2014, 2015, undefined])
            for (const row of await report(year ? { year } : {}))
              if (mine.has(row.customerId))
                shown.set(`${year ?? 'all'} ${row.customerId} ${row.currency}`, Number(row.amount));
          expect([...shown].sort()).toEqual([...expected].sort());
        },
      ),
      { numRuns: 15 },
    );
  });
});

/** Each number sends one once more, or later. */
function shuffled(envelopes: readonly Envelope[], disorder: readonly number[]): Envelope[] {
  const sent = [...envelopes];
  disorder.forEach((number, index) => {
    const at = number % sent.length;
    if (index % 2 === 0) sent.push(sent[at]!);
    else sent.push(...sent.splice(at, 1));
  });
  return sent;
}

import { type Actor, type ContributionRow, CustomerDeleted, CustomerRestored, CustomerUpdated } from '#contracts';
import type { TestService } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { created, customerFacts, orderFacts, person, recorded, REPORT, startReporting } from './world.js';

let reporting: TestService;
const [manager, alice, bob] = [person('sales_manager'), person('account_manager'), person('account_manager')];
beforeAll(async () => {
  reporting = await startReporting();
});
afterAll(() => reporting?.stop());

const report = async (query: object, actor: Actor = manager): Promise<ContributionRow[]> =>
  (await reporting.as(actor).get(REPORT).query(query).expect(200)).body.items;
const figures = (rows: ContributionRow[]) =>
  rows.map(({ customerName, currency, amount, rank }) => [customerName, currency, amount, rank]);

describe('what happens to customers and orders', () => {
  const names = async (actor: Actor = manager) =>
    (await report({ year: 2020 }, actor)).map(({ customerName, amount }) => `${customerName} ${amount}`);
  const customer = customerFacts('Vins et alcools', alice.id);
  const first = orderFacts({ customerId: customer.customerId, date: '2020-12-31', total: '10.00' });

  it('REP-1: an order that comes before its customer counts and gets its name later', async () => {
    await reporting.deliver(recorded(first));
    expect(await names()).toEqual(['null 10.00']);
    await reporting.deliver(created(customer));
    expect(await names()).toEqual(['Vins et alcools 10.00']);
  });

  it('REP-1: figures follow the customer to a new owner and a new name', async () => {
    await reporting.deliver(CustomerUpdated.of(customer.customerId, { ...customer, name: 'Vins', ownerId: bob.id }));
    expect(await names(alice)).toEqual([]);
    expect(await names(bob)).toEqual(['Vins 10.00']);
  });

  it('CUS-2: a deleted customer is out of the report until it is restored', async () => {
    await reporting.deliver(CustomerDeleted.of(customer.customerId, customer));
    expect(await names()).toEqual([]);
    await reporting.deliver(CustomerRestored.of(customer.customerId, customer));
    expect(await names()).toEqual(['Vins et alcools 10.00']);
  });

  it('REP-1: cancelled orders stop to count and count again when they come back; a moved one counts where it went', async () => {
    await reporting.deliver(recorded({ ...first, status: 'cancelled' }));
    expect(await names()).toEqual([]);
    await reporting.deliver(recorded({ ...first, status: 'unpaid', total: '12.50' }));
    expect(await names()).toEqual(['Vins et alcools 12.50']);
    await reporting.deliver(recorded({ ...first, date: '2021-01-01', currency: 'EUR' }));
    expect(await names()).toEqual([]);
    expect(figures(await report({ year: 2021 }))).toEqual([['Vins et alcools', 'EUR', '10.00', 1]]);
  });

  it('FEED-3: an order without a customer is held and counts as soon as it has one', async () => {
    const homeless = orderFacts({ date: '2022-02-02', total: '77.00' });
    await reporting.deliver(recorded(homeless));
    expect(await report({ year: 2022 })).toEqual([]);
    await reporting.deliver(recorded({ ...homeless, customerId: customer.customerId }));
    expect(figures(await report({ year: 2022 }))).toEqual([['Vins et alcools', 'USD', '77.00', 1]]);
  });
});

import { CustomerDeleted, CustomerRestored, CustomerUpdated, type Envelope, type NewEvent } from '#contracts';
import type { TestService } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  created,
  type CustomerFacts,
  customerFacts,
  orderFacts,
  person,
  recorded,
  REPORT,
  startReporting,
} from './world.js';

let reporting: TestService;
beforeAll(async () => {
  reporting = await startReporting();
});
afterAll(() => reporting?.stop());

const OWNERS = [person('account_manager'), person('account_manager')];
const YEARS = [2024, 2025, undefined];
const CURRENCIES = ['CNY', 'USD'];

/** One version of an order, or one change of a customer. */
const Version = fc.record({
  order: fc.nat(3),
  customer: fc.option(fc.nat(2), { freq: 4 }),
  date: fc.constantFrom('2024-12-31', '2025-01-01', '2025-06-30'),
  currency: fc.constantFrom(...CURRENCIES),
  cents: fc.bigInt(0n, 99_999_999_999_999n),
  status: fc.constantFrom('paid' as const, 'unpaid' as const, 'cancelled' as const),
});
const Change = fc.record({ customer: fc.nat(2), owner: fc.nat(1), act: fc.constantFrom('own', 'delete', 'restore') });
const History = fc.array(fc.oneof({ weight: 3, arbitrary: Version }, { weight: 1, arbitrary: Change }), {
  minLength: 1,
  maxLength: 30,
});
type History = typeof History extends fc.Arbitrary<infer T> ? T : never;

const money = (cents: bigint) => `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;

/** What the report must say, worked out from the last version of each thing alone. */
function expected(history: History, customers: readonly CustomerFacts[], year?: number, owner?: number): string[] {
  const orders = new Map(history.filter((event) => 'order' in event).map((event) => [event.order, event]));
  const sums = new Map<string, bigint>();
  for (const { customer, date, currency, cents, status } of orders.values()) {
    if (customer === null || status === 'cancelled' || (year && !date.startsWith(String(year)))) continue;
    const changes = history.filter((event) => 'act' in event && event.customer === customer) as Array<{
      act: string;
      owner: number;
    }>;
    if (changes.at(-1)?.act === 'delete') continue;
    if (owner !== undefined && (changes.at(-1)?.owner ?? 0) !== owner) continue;
    const key = `${customers[customer]!.customerId} ${currency}`;
    sums.set(key, (sums.get(key) ?? 0n) + cents);
  }
  return [...sums].map(([key, sum]) => `${key} ${money(sum)}`).sort();
}

/** The history as events of fresh records: three customers of the first owner, up to four orders. */
function eventsOf(history: History): { customers: CustomerFacts[]; envelopes: Envelope[] } {
  const customers = [1, 2, 3].map((number) => customerFacts(`Customer ${number}`, OWNERS[0]!.id));
  const orders = [1, 2, 3, 4].map(() => orderFacts({}).orderId);
  const events = history.map((event): NewEvent => {
    if ('act' in event) {
      const facts = { ...customers[event.customer]!, ownerId: OWNERS[event.owner]!.id };
      const definition = { own: CustomerUpdated, delete: CustomerDeleted, restore: CustomerRestored }[event.act];
      return definition.of(facts.customerId, facts);
    }
    const { order, customer, date, currency, cents, status } = event;
    const customerId = customer === null ? null : customers[customer]!.customerId;
    return recorded(orderFacts({ orderId: orders[order]!, customerId, date, currency, status, total: money(cents) }));
  });
  return {
    customers,
    envelopes: [...customers.map(created), ...events].map((event) => reporting.events.envelope(event)),
  };
}

describe('the contribution projection', () => {
  it('REP-1, EVT-2: whatever is recorded, cancelled, moved and re-owned, delivered twice or late, it equals a plain fold', async () => {
    await fc.assert(
      fc.asyncProperty(History, fc.array(fc.nat(), { maxLength: 60 }), async (history, disorder) => {
        const { customers, envelopes } = eventsOf(history);
        await reporting.events.send(...shuffled(envelopes, disorder));
        await reporting.applied(...envelopes);
        const mine = new Set(customers.map(({ customerId }) => customerId));
        for (const year of YEARS)
          for (const owner of [undefined, 0, 1]) {
            const actor = owner === undefined ? person('executive') : OWNERS[owner]!;
            const query = { limit: 200, ...(year && { year }) };
            const rows = await rowsOf(query, actor);
            const shown = rows.filter(({ customerId }) => mine.has(customerId));
            expect(shown.map((row) => `${row.customerId} ${row.currency} ${row.amount}`).sort()).toEqual(
              expected(history, customers, year, owner),
            );
          }
        // The next run starts from an empty report, so that ranks and pages stay small.
        await reporting.deliver(...customers.map((facts) => CustomerDeleted.of(facts.customerId, facts)));
      }),
      { numRuns: 25 },
    );
  });
});

async function rowsOf(
  query: object,
  actor: (typeof OWNERS)[number],
): Promise<Array<{ customerId: string; currency: string; amount: string }>> {
  const answer = await reporting.as(actor).get(REPORT).query(query);
  expect(answer).toMatchObject({ status: 200, body: { nextCursor: null } });
  return answer.body.items;
}

/** Some events twice, some moved: each number names one to send again, and one to send later. */
function shuffled(envelopes: readonly Envelope[], disorder: readonly number[]): Envelope[] {
  const sent = [...envelopes];
  disorder.forEach((number, index) => {
    const at = number % sent.length;
    if (index % 2 === 0) sent.splice((number * 7) % (sent.length + 1), 0, sent[at]!);
    else sent.push(...sent.splice(at, 1));
  });
  return sent;
}

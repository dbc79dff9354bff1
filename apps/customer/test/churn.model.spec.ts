import type { Actor, ChurnAlertStatus, CustomerStatus } from '#contracts';
import { dayIn } from '#platform';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v7 } from 'uuid';
import { before, churnOf, ZONE, type Churn } from './churn.fixture.js';
import { startWorld, type World } from './customer.fixture.js';

const PEOPLE = ['manager', 'alice', 'bob', 'executive', 'mentor'] as const;
const MOVES = ['read', 'postpone', 'measures', 'confirm'] as const;
/** Days in the words of the rules. */
const DAYS = ['long ago', 'before the period', 'first of the period', 'lately', 'tomorrow'] as const;
/** Written down once more on purpose: what CHU-2 allows to be seen from one moment to the next. */
const SEQUELS: Record<ChurnAlertStatus, readonly ChurnAlertStatus[]> = {
  warning: ['warning', 'postponed', 'lost', 'recovered'],
  postponed: ['postponed', 'lost', 'recovered'],
  lost: ['lost'],
  recovered: ['recovered'],
};

type Step =
  | { do: (typeof MOVES)[number]; who: (typeof PEOPLE)[number] }
  | { do: 'order'; day: (typeof DAYS)[number]; status: 'paid' | 'unpaid' | 'cancelled' }
  | { do: 'scan'; ago: 0 | 1 }
  | { do: 'transfer'; to: 'alice' | 'bob' };
interface Alert {
  status: ChurnAlertStatus;
  last: string | null;
  start: string;
  measures: number;
}
/** What the rules say. */
interface Model {
  id: string;
  ref: string;
  since: string;
  owner: 'alice' | 'bob';
  status: CustomerStatus;
  orders: Map<string, string>;
  /** Newest first. */
  alerts: Alert[];
}

const moves = (who: readonly (typeof PEOPLE)[number][], acts: readonly (typeof MOVES)[number][]) =>
  fc.record({ do: fc.constantFrom(...acts), who: fc.constantFrom(...who) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: moves(PEOPLE, MOVES) },
  { weight: 4, arbitrary: moves(['manager', 'alice', 'bob', 'mentor'], ['postpone', 'measures', 'confirm']) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('order' as const),
      day: fc.constantFrom(...DAYS),
      status: fc.constantFrom('paid' as const, 'unpaid' as const, 'cancelled' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('scan' as const), ago: fc.constantFrom(0 as const, 1 as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('transfer' as const),
      to: fc.constantFrom('alice' as const, 'bob' as const),
    }),
  },
);

const today = dayIn(ZONE);
const dayOf: Record<(typeof DAYS)[number], string> = {
  'long ago': before(today, 12),
  'before the period': before(today, 6, 1),
  'first of the period': before(today, 6),
  lately: before(today, 0, 10),
  tomorrow: before(today, 0, -1),
};

describe('Churn alerts against a model', () => {
  let world: World;
  let churn: Churn;
  let people: Record<(typeof PEOPLE)[number], Actor>;
  beforeAll(async () => {
    world = await startWorld();
    churn = churnOf(world);
    people = {
      manager: world.manager,
      alice: world.alice,
      bob: world.bob,
      executive: await world.service.person('executive', 'executive'),
      // A role that somebody made: sees all alerts, and owns no customer to handle one of.
      mentor: { id: v7(), name: 'mentor', kind: 'user', rights: { 'churn.read': 'all', 'churn.handle': 'own' } },
    };
  });
  afterAll(() => world?.service.stop());

  /** The status that the rules ask for: right, record, state, ownership, in this order. */
  function expected({ alerts, owner }: Model, { do: move, who }: Step & { who: (typeof PEOPLE)[number] }): number {
    const { rights } = people[who];
    if (!rights[move === 'read' ? 'churn.read' : 'churn.handle']) return 403;
    const theirs = who === owner;
    const alert = alerts[0];
    if (!alert || (rights['churn.read'] === 'own' && !theirs)) return 404;
    if (move === 'read') return 200;
    const open = alert.status === 'warning' || (alert.status === 'postponed' && move !== 'postpone');
    if (!open) return 409;
    return rights['churn.handle'] === 'all' || theirs ? 200 : 403;
  }

  /** What the latest alert and the customer are when orders or a scan have come. */
  function settle(model: Model): void {
    const [alert] = model.alerts;
    const back = alert && [...model.orders.values()].some((date) => date >= alert.start && date <= today);
    if (!back) return;
    if (alert.status === 'warning' || alert.status === 'postponed') alert.status = 'recovered';
    else if (model.status !== 'lost') return;
    model.status = 'active';
  }

  function applyScan(model: Model, asOf: string): void {
    settle(model);
    const dates = [...model.orders.values()].filter((date) => date <= today).sort();
    const last = dates.at(-1) ?? null;
    const start = before(asOf, 6);
    if (model.status !== 'active' || (last ?? model.since) >= start) return;
    model.alerts.unshift({ status: 'warning', last, start, measures: 0 });
    model.status = 'at_risk';
  }

  async function take(model: Model, each: Step): Promise<void> {
    switch (each.do) {
      case 'order':
        await churn.order(model.ref, dayOf[each.day], { status: each.status });
        if (each.status === 'cancelled') model.orders.delete(each.day);
        else model.orders.set(each.day, dayOf[each.day]);
        settle(model);
        return;
      case 'scan': {
        const asOf = before(today, each.ago);
        await churn.scan(asOf);
        applyScan(model, asOf);
        return;
      }
      case 'transfer':
        await world.service
          .as(world.manager)
          .post(`/api/v1/customers/${model.id}/transfer`)
          .send({ ownerId: people[each.to].id })
          .expect(200);
        model.owner = each.to;
        return;
      default:
        await move(model, each);
    }
  }

  async function move(model: Model, each: Extract<Step, { who: unknown }>): Promise<void> {
    const [latest] = await churn.alertsOf(model.id);
    const alertId = latest?.id ?? v7();
    const actor = people[each.who];
    const status = expected(model, each);
    const answer =
      each.do === 'read'
        ? await world.service.as(actor).get(`/api/v1/churn-alerts/${alertId}`)
        : await churn.act(actor, alertId, each.do);
    expect({ each, state: latest?.status, status: answer.status }).toEqual({ each, state: latest?.status, status });
    const [alert] = model.alerts;
    if (status !== 200 || !alert || each.do === 'read') return;
    if (each.do === 'confirm') alert.status = model.status = 'lost';
    else alert.measures += 1;
    if (each.do === 'postpone') alert.status = 'postponed';
  }

  it('CHU-1…5: answers every act of every person, scan and order as the rules say', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('alice' as const, 'bob' as const),
        fc.constantFrom(today, before(today, 6, 1)),
        fc.array(step, { minLength: 10, maxLength: 25, size: 'max' }),
        async (owner, since, steps) => {
          const ref = v7();
          const { id } = await churn.customer(people[owner], ref, since);
          const model: Model = { id, ref, since, owner, status: 'active', orders: new Map(), alerts: [] };
          for (const each of steps) {
            const known = await churn.alertsOf(id);
            await take(model, each);
            const alerts = await churn.alertsOf(id);
            const shown = alerts.map(({ status, lastOrderDate, measures, ownerId }) => ({
              status,
              last: lastOrderDate,
              measures: measures.length,
              ownerId,
            }));
            const wanted = model.alerts.map(({ status, last, measures }) => ({
              status,
              last,
              measures,
              ownerId: people[model.owner].id,
            }));
            expect({ each, status: await churn.statusOf(id), alerts: shown }).toEqual({
              each,
              status: model.status,
              alerts: wanted,
            });
            for (const old of known)
              expect(SEQUELS[old.status]).toContain(alerts.find((alert) => alert.id === old.id)!.status);
            expect(alerts.filter(({ status }) => status === 'warning' || status === 'postponed').length).toBeLessThan(
              2,
            );
          }
        },
      ),
      { numRuns: 10 },
    );
  }, 120_000);

  it('CHU-1, CHU-2, CHU-4: acts, orders and scans at the same moment come out as if one came after the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8, size: 'max' }), async (steps) => {
        const ref = v7();
        const { id } = await churn.customer(world.alice, ref, before(today, 9));
        await churn.scan();
        const alertId = (await churn.alertsOf(id))[0]!.id;
        await Promise.all([
          churn.order(ref, today),
          ...steps.map(async (each) => {
            if (each.do === 'scan') await churn.scan(before(today, each.ago));
            else if (each.do !== 'order' && each.do !== 'transfer' && each.do !== 'read') {
              const { status } = await churn.act(people[each.who], alertId, each.do);
              expect([200, 403, 404, 409]).toContain(status);
            }
          }),
        ]);
        // Whatever came first: an order of today is there.
        expect(await churn.statusOf(id)).toBe('active');
        const alerts = await churn.alertsOf(id);
        expect(alerts).toHaveLength(1);
        expect(['recovered', 'lost']).toContain(alerts[0]!.status);
      }),
      { numRuns: 10 },
    );
  }, 120_000);
});

import {
  ChurnAlertLost,
  ChurnAlertPostponed,
  ChurnAlertRaised,
  ChurnAlertRecovered,
  ChurnAlertView,
  ChurnMeasureAdded,
  CustomerUpdated,
  type Actor,
} from '#contracts';
import { dayIn } from '#platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { before, churnOf, ZONE, type Churn } from './churn.fixture.js';
import { overlapping, ownKeys, startWorld, type Json, type World } from './customer.fixture.js';

let world: World;
let churn: Churn;
/** Keys of one test: the tests share a database. */
let k: (name: string) => string;
beforeAll(async () => {
  world = await startWorld();
  churn = churnOf(world);
});
afterAll(() => world?.service.stop());
beforeEach(() => {
  k = ownKeys();
});

const today = dayIn(ZONE);
const PATH = '/api/v1/churn-alerts';
const said = (type: string, alertId: string) =>
  world.service.events.published(type, ({ data }) => (data as Json).alertId === alertId);
const actsOf = async (customerId: string): Promise<string[]> =>
  (
    await world.service.query<{ act: string }>(
      `SELECT act FROM customer_history WHERE customer_id = $1 AND (act LIKE 'churn%' OR act IN ('lost', 'reactivated')) ORDER BY id`,
      [customerId],
    )
  ).map(({ act }) => act);

/** A customer with an open alert: the last order is seven months old. */
async function atRisk(owner: Actor, ref = k('REF')): Promise<{ customer: Json; alert: ChurnAlertView }> {
  const customer = await churn.customer(owner, ref);
  await churn.order(ref, before(today, 7));
  await churn.scan();
  const [alert] = await churn.alertsOf(customer.id);
  return { customer, alert: alert! };
}

describe('CHU-1: the scan', () => {
  it('raises an alert for who has bought nothing for more than six months, paid or not; cancelled orders do not count', async () => {
    const six = before(today, 6);
    const seven = before(today, 7);
    const cases: [name: string, orders: [date: string, status: string][], last: string | null][] = [
      ['more than six months, paid', [[before(today, 6, 1), 'paid']], before(today, 6, 1)],
      ['more than six months, unpaid', [[before(today, 6, 1), 'unpaid']], before(today, 6, 1)],
      ['exactly six months', [[six, 'unpaid']], null],
      [
        'cancelled since',
        [
          [seven, 'paid'],
          [before(today, 1), 'cancelled'],
        ],
        seven,
      ],
      [
        'ordered since, late and unpaid',
        [
          [seven, 'paid'],
          [before(today, 5), 'unpaid'],
        ],
        null,
      ],
      ['became a customer today', [], null],
    ];
    const ids: string[] = [];
    for (const [name, orders] of cases) {
      const ref = k(name);
      ids.push((await churn.customer(world.alice, ref)).id);
      for (const [date, status] of orders) await churn.order(ref, date, { status });
    }
    const job = await churn.scan();
    expect(job).toMatchObject({ kind: 'churn-scan', status: 'succeeded', failed: 0, errorsUrl: null });
    expect(job.total).toBe(job.processed);
    for (const [index, [name, , last]] of cases.entries()) {
      const alerts = await churn.alertsOf(ids[index]!);
      expect([name, alerts]).toEqual([
        name,
        last === null
          ? []
          : [expect.objectContaining({ status: 'warning', lastOrderDate: last, since: last, asOf: today })],
      ]);
      expect([name, await churn.statusOf(ids[index]!)]).toEqual([name, last === null ? 'active' : 'at_risk']);
    }
  });

  it('counts from the day they became a customer, in the business time zone, if they never ordered', async () => {
    const late = await churn.customer(world.alice, k('LATE'), before(today, 6, 1));
    const just = await churn.customer(world.alice, k('JUST'), before(today, 6));
    const cancelled = await churn.customer(world.alice, k('CANCELLED'), before(today, 8));
    await churn.order(k('CANCELLED'), before(today, 1), { status: 'cancelled' });
    await churn.scan();
    const open = { lastOrderDate: null, status: 'warning' };
    expect(await churn.alertsOf(late.id)).toMatchObject([{ ...open, since: before(today, 6, 1) }]);
    expect(await churn.alertsOf(just.id)).toEqual([]);
    expect(await churn.alertsOf(cancelled.id)).toMatchObject([{ ...open, since: before(today, 8) }]);
  });

  it('says so: as an event with owner and dates, on the timeline, and of the customer', async () => {
    const { customer, alert } = await atRisk(world.alice);
    expect(ChurnAlertView.strict().parse(alert)).toMatchObject({
      customerId: customer.id,
      customerCode: customer.code,
      customerName: customer.name,
      ownerId: world.alice.id,
      version: 1,
      measures: [],
      reason: null,
      lostAt: null,
    });
    const raised = await said(ChurnAlertRaised.type, alert.id);
    expect(raised).toMatchObject({ subject: alert.id, sequence: 1, actorid: world.manager.id });
    expect(raised.data).toMatchObject({
      customerId: customer.id,
      ownerId: world.alice.id,
      status: 'warning',
      lastOrderDate: before(today, 7),
      asOf: today,
    });
    await world.service.events.published(
      CustomerUpdated.type,
      ({ data }) => (data as Json).customerId === customer.id && (data as Json).status === 'at_risk',
    );
    expect(await actsOf(customer.id)).toEqual(['churn-alert-raised']);
  });

  it('raises no second alert while one is open, postponed or not, nor for the lost, nor for the deleted', async () => {
    const [open, postponed, lost] = [
      await atRisk(world.alice, k('A')),
      await atRisk(world.alice, k('B')),
      await atRisk(world.alice, k('C')),
    ];
    await churn.act(world.alice, postponed.alert.id, 'postpone').expect(200);
    await churn.act(world.alice, lost.alert.id, 'confirm').expect(200);
    const deleted = await churn.customer(world.alice, k('D'), before(today, 9));
    await world.service.as(world.manager).delete(`/api/v1/customers/${deleted.id}`).expect(204);
    expect(await churn.scan()).toMatchObject({ processed: 0 });
    for (const { customer } of [open, postponed, lost]) expect(await churn.alertsOf(customer.id)).toHaveLength(1);
    await world.service.as(world.manager).post(`/api/v1/customers/${deleted.id}/restore`).expect(200);
    expect(await churn.alertsOf(deleted.id)).toEqual([]);
    await churn.scan();
    expect(await churn.alertsOf(deleted.id)).toHaveLength(1);
  });

  it('is started by who may, as of today or an earlier day, and not as of a future one', async () => {
    const door = (actor: Actor) => world.service.as(actor).post('/api/v1/churn-scans');
    await door(world.alice).send({}).expect(403);
    await door(world.salesSystem).send({}).expect(403);
    const tomorrow = new Date(Date.parse(today) + 86_400_000).toISOString().slice(0, 10);
    const future = await door(world.manager).send({ asOf: tomorrow }).expect(422);
    expect(future.body).toMatchObject({ type: '/problems/future-day', errors: [{ path: 'asOf' }] });
    expect(future.body.detail).toContain(today);
    for (const body of [{ asOf: '2026-02-30' }, { asOf: 1 }, { asOf: null }, { asof: today }, { asOf: '0000-01-01' }])
      expect((await door(world.manager).send(body).expect(400)).body.errors).toHaveLength(1);
    const started = await door(world.manager).set('idempotency-key', k('scan')).send().expect(202);
    expect(started.headers.location).toBe(`/api/v1/jobs/${started.body.id}`);
    const again = await door(world.manager).set('idempotency-key', k('scan')).send().expect(202);
    expect(again.body.id).toBe(started.body.id);
    await churn.finished(started.body.id);
    await churn.finished((await door(world.manager).send({ asOf: '0001-01-01' }).expect(202)).body.id);
  });
});

describe('CHU-2: the alert', () => {
  it('is postponed by a measure; measures are a dated list, and more can be added', async () => {
    const { customer, alert } = await atRisk(world.alice);
    const postponed = await churn.act(world.alice, alert.id, 'postpone', { measure: '上门拜访' }).expect(200);
    expect(postponed.headers.etag).toBe('"2"');
    expect(postponed.body).toMatchObject({
      status: 'postponed',
      measures: [{ date: today, measure: '上门拜访', authorId: world.alice.id }],
    });
    const earlier = { measure: 'Called them', date: '2020-02-29' };
    const added = await churn.act(world.manager, alert.id, 'measures', earlier).expect(200);
    const measures = [{ ...earlier, authorId: world.manager.id }, ...(postponed.body.measures as object[])];
    expect(added.body).toMatchObject({ status: 'postponed', version: 3, measures });
    const read = await world.service.as(world.alice).get(`${PATH}/${alert.id}`).expect(200);
    expect(read.body).toEqual(added.body);
    expect((await churn.alertsOf(customer.id))[0]).toEqual(added.body);
    expect((await said(ChurnAlertPostponed.type, alert.id)).data).toMatchObject({
      status: 'postponed',
      measure: '上门拜访',
    });
    expect(await said(ChurnMeasureAdded.type, alert.id)).toMatchObject({ sequence: 3, data: earlier });
    expect(await actsOf(customer.id)).toEqual(['churn-alert-raised', 'churn-postponed', 'churn-measure-added']);
    expect(await churn.statusOf(customer.id)).toBe('at_risk');
  });

  it('takes a measure while it is a warning, too, and stays one', async () => {
    const { alert } = await atRisk(world.alice);
    const added = await churn.act(world.alice, alert.id, 'measures').expect(200);
    expect(added.body).toMatchObject({ status: 'warning', measures: [{ measure: 'Visited them' }] });
  });

  it('refuses what the table of moves does not have, naming state and open moves', async () => {
    const { alert } = await atRisk(world.alice);
    await churn.act(world.alice, alert.id, 'postpone').expect(200);
    const twice = await churn.act(world.alice, alert.id, 'postpone').expect(409);
    expect(twice.body).toMatchObject({
      type: '/problems/illegal-transition',
      detail: '"postpone" is not possible while the state is "postponed". Possible now: add-measure, confirm.',
    });
    await churn.act(world.alice, alert.id, 'confirm').expect(200);
    for (const move of ['postpone', 'measures', 'confirm'] as const) {
      const refused = await churn.act(world.alice, alert.id, move).expect(409);
      expect(refused.body.detail).toContain('the state is "lost"');
    }
    expect((await churn.alertsOf(alert.customerId))[0]).toMatchObject({ status: 'lost', version: 3 });
  });

  it('needs a measure, or a reason: what is missing, blank, too long or unknown is refused, and nothing is kept', async () => {
    const { alert } = await atRisk(world.alice);
    const bad: [move: 'postpone' | 'measures' | 'confirm', body: object][] = [
      ['postpone', {}],
      ['postpone', { measure: ' \u3000' }],
      ['postpone', { measure: 'x'.repeat(2001) }],
      ['postpone', { measure: 'a\u0000b' }],
      ['postpone', { measure: 1 }],
      ['postpone', { measure: 'call', date: '2026-02-30' }],
      ['postpone', { measure: 'call', reason: 'why' }],
      ['measures', { date: '2026-01-01' }],
      ['confirm', {}],
      ['confirm', { reason: '  ' }],
      ['confirm', { reason: 'gone', status: 'recovered' }],
    ];
    for (const [move, body] of bad)
      expect((await churn.act(world.alice, alert.id, move, body).expect(400)).body.errors).toHaveLength(1);
    expect((await churn.alertsOf(alert.customerId))[0]).toEqual(alert);
  });

  it('ALL-2, ALL-3: knows stale versions and repeated requests', async () => {
    const { alert } = await atRisk(world.alice);
    await churn.act(world.alice, alert.id, 'postpone').set('if-match', '"7"').expect(412);
    const first = await churn
      .act(world.alice, alert.id, 'postpone')
      .set('if-match', '"1"')
      .set('idempotency-key', k('p'))
      .expect(200);
    const again = await churn
      .act(world.alice, alert.id, 'postpone')
      .set('if-match', '"1"')
      .set('idempotency-key', k('p'))
      .expect(200);
    expect(again.body).toEqual(first.body);
    await churn.act(world.alice, alert.id, 'confirm').set('if-match', '"1"').expect(412);
    expect((await churn.alertsOf(alert.customerId))[0]).toEqual(first.body);
  });
});

describe('CHU-3: confirming the loss', () => {
  it.each(['warning', 'postponed'] as const)('of a %s makes alert and customer lost, for a reason', async (from) => {
    const { customer, alert } = await atRisk(world.alice);
    if (from === 'postponed') await churn.act(world.alice, alert.id, 'postpone').expect(200);
    const lost = await churn.act(world.alice, alert.id, 'confirm', { reason: '被竞争对手抢走 💔' }).expect(200);
    expect(lost.body).toMatchObject({ status: 'lost', reason: '被竞争对手抢走 💔', lostAt: expect.any(String) });
    expect(await churn.statusOf(customer.id)).toBe('lost');
    const { data } = await said(ChurnAlertLost.type, alert.id);
    expect(data).toMatchObject({
      customerId: customer.id,
      ownerId: world.alice.id,
      lastOrderDate: before(today, 7),
      reason: '被竞争对手抢走 💔',
      lostAt: lost.body.lostAt,
    });
    await world.service.events.published(
      CustomerUpdated.type,
      (event) => (event.data as Json).customerId === customer.id && (event.data as Json).status === 'lost',
    );
    expect((await actsOf(customer.id)).at(-1)).toBe('lost');
  });
});

describe('CHU-4: orders', () => {
  it.each([
    ['of today', today, 'unpaid', true],
    ['of the first day of the period', before(today, 6), 'paid', true],
    ['later than the last one, but before the period', before(today, 6, 1), 'paid', false],
    ['earlier than the last one', before(today, 8), 'paid', false],
    ['that is cancelled', today, 'cancelled', false],
    ['of a day in the future', before(today, -1), 'unpaid', false],
  ])('an order %s (%s, %s) recovers an open alert: %s', async (_, date, status, recovers) => {
    for (const state of ['warning', 'postponed'] as const) {
      const ref = k(state);
      const { customer, alert } = await atRisk(world.alice, ref);
      if (state === 'postponed') await churn.act(world.alice, alert.id, 'postpone').expect(200);
      await churn.order(ref, date, { status });
      const [now] = await churn.alertsOf(customer.id);
      expect(now!.status).toBe(recovers ? 'recovered' : state);
      expect(await churn.statusOf(customer.id)).toBe(recovers ? 'active' : 'at_risk');
      if (!recovers) continue;
      expect(now).toMatchObject({ version: state === 'warning' ? 2 : 3, recoveredAt: expect.any(String) });
      expect((await said(ChurnAlertRecovered.type, alert.id)).data).toMatchObject({
        status: 'recovered',
        ownerId: world.alice.id,
      });
      expect((await actsOf(customer.id)).at(-1)).toBe('churn-recovered');
      for (const move of ['postpone', 'measures', 'confirm'] as const)
        await churn.act(world.alice, alert.id, move).expect(409);
    }
  });

  it('an order that was cancelled comes back, or is moved to the customer, or finds it late: each recovers', async () => {
    const cancelled = await atRisk(world.alice, k('C'));
    await churn.order(k('C'), today, { status: 'cancelled' });
    expect(await churn.statusOf(cancelled.customer.id)).toBe('at_risk');
    await churn.order(k('C'), today, { status: 'unpaid' });
    expect(await churn.statusOf(cancelled.customer.id)).toBe('active');

    const moved = await atRisk(world.alice, k('M'));
    await churn.order(k('NOBODY'), today);
    await churn.order(k('NOBODY'), today, { customerRef: moved.customer.code });
    expect(await churn.statusOf(moved.customer.id)).toBe('active');

    const joined = await atRisk(world.alice, k('J'));
    await churn.order(k('WAITS'), today);
    const { body } = await world.service
      .as(world.alice)
      .patch(`/api/v1/customers/${joined.customer.id}`)
      .send({ externalRef: k('WAITS') })
      .expect(200);
    expect(body).toMatchObject({ status: 'active', lastOrderDate: today });
    expect(await churn.alertsOf(joined.customer.id)).toMatchObject([{ status: 'recovered' }]);
  });

  it('an order that is taken back after it recovered an alert leaves a new one to the next scan', async () => {
    const { customer } = await atRisk(world.alice, k('A'));
    await churn.order(k('A'), today);
    await churn.scan();
    expect(await churn.alertsOf(customer.id)).toMatchObject([{ status: 'recovered' }]);
    await churn.order(k('A'), today, { status: 'cancelled' });
    expect(await churn.statusOf(customer.id)).toBe('active');
    await churn.scan();
    expect(await churn.alertsOf(customer.id)).toMatchObject([{ status: 'warning' }, { status: 'recovered' }]);
  });

  it('makes a lost customer active again and keeps the history; going silent again raises a new alert', async () => {
    const { customer, alert } = await atRisk(world.alice, k('A'));
    await churn.act(world.alice, alert.id, 'confirm').expect(200);
    await churn.order(k('A'), before(today, 6, 1));
    expect(await churn.statusOf(customer.id)).toBe('lost');
    await churn.order(k('A'), before(today, 2));
    expect(await churn.statusOf(customer.id)).toBe('active');
    expect(await churn.alertsOf(customer.id)).toMatchObject([
      { id: alert.id, status: 'lost', reason: 'They closed down' },
    ]);
    await world.service.events.published(
      CustomerUpdated.type,
      ({ data, sequence }) =>
        (data as Json).customerId === customer.id && (data as Json).status === 'active' && sequence > 3,
    );
    expect(await actsOf(customer.id)).toEqual(['churn-alert-raised', 'lost', 'reactivated']);
    await churn.order(k('A'), before(today, 2), { status: 'cancelled' });
    await churn.scan();
    const [second] = await churn.alertsOf(customer.id);
    expect(second).toMatchObject({ status: 'warning', lastOrderDate: before(today, 6, 1) });
    await churn.act(world.alice, second!.id, 'confirm').expect(200);
    expect(await churn.alertsOf(customer.id)).toMatchObject([{ status: 'lost' }, { status: 'lost' }]);
  });

  it('a scan as of an earlier day ignores later orders for the risk, but raises no alert that they would recover', async () => {
    const asOf = before(today, 3);
    const names = ['SILENT', 'RETURNED', 'LATER', 'AHEAD', 'BEFORE'] as const;
    const ids = new Map<string, string>();
    for (const name of names) {
      ids.set(name, (await churn.customer(world.alice, k(name))).id);
      if (name !== 'BEFORE') await churn.order(k(name), before(asOf, 6, 1));
    }
    // Inside the period, behind the day, in the future, and in the period of today but not before that day.
    await churn.order(k('RETURNED'), before(asOf, 6));
    await churn.order(k('LATER'), before(asOf, -1));
    await churn.order(k('AHEAD'), before(today, -1));
    await churn.order(k('BEFORE'), before(asOf, 0, -1));
    await churn.scan(asOf);
    const raised: Record<string, unknown> = {};
    for (const [name, id] of ids)
      raised[name] = (await churn.alertsOf(id)).map(({ lastOrderDate, asOf }) => [lastOrderDate, asOf]);
    const alert = [[before(asOf, 6, 1), asOf]];
    expect(raised).toEqual({ SILENT: alert, RETURNED: [], LATER: [], AHEAD: alert, BEFORE: [] });
  });

  it('orders and scans that come at the same moment do not miss each other', async () => {
    const ids: string[] = [];
    for (const name of ['A', 'B']) {
      ids.push((await churn.customer(world.alice, k(name))).id);
      await churn.order(k(name), before(today, 7));
    }
    const scans: Promise<unknown>[] = [];
    await overlapping(
      world,
      () => churn.order(k('A'), today),
      async () => {
        scans.push(churn.scan());
      },
    );
    await Promise.all([...scans, churn.order(k('B'), today), churn.scan()]);
    for (const id of ids) {
      expect(await churn.statusOf(id)).toBe('active');
      expect((await churn.alertsOf(id)).filter(({ status }) => status !== 'recovered')).toEqual([]);
    }
  });
});

describe('CHU-5: who sees and handles alerts', () => {
  it('CUS-7: account managers their own customers’, sales managers all; a new owner takes over what is open', async () => {
    const { customer, alert } = await atRisk(world.alice);
    const door = (actor: Actor) => world.service.as(actor);
    for (const actor of [world.alice, world.manager]) {
      await door(actor).get(`${PATH}/${alert.id}`).expect(200);
      expect(await churn.alertsOf(customer.id, actor)).toHaveLength(1);
    }
    await door(world.bob).get(`${PATH}/${alert.id}`).expect(404);
    expect(await churn.alertsOf(customer.id, world.bob)).toEqual([]);
    for (const move of ['postpone', 'measures', 'confirm'] as const)
      await churn.act(world.bob, alert.id, move).expect(404);
    await churn.act(world.bob, alert.id, 'postpone', {}).expect(404);
    // A role that sees all and handles its own: the state is answered before whose it is.
    const reader: Actor = { ...world.bob, rights: { 'churn.read': 'all', 'churn.handle': 'own' } };
    await churn.act(reader, alert.id, 'confirm').expect(403);
    await door(world.manager)
      .post(`/api/v1/customers/${customer.id}/transfer`)
      .send({ ownerId: world.bob.id })
      .expect(200);
    await door(world.alice).get(`${PATH}/${alert.id}`).expect(404);
    const handed = await churn.act(world.bob, alert.id, 'postpone').expect(200);
    expect(handed.body.ownerId).toBe(world.bob.id);
    await churn.act(world.manager, alert.id, 'confirm').expect(200);
    await churn.act(reader, alert.id, 'confirm').expect(409);
    for (const actor of [world.salesSystem, { ...world.bob, rights: {} }]) {
      await door(actor).get(PATH).expect(403);
      await churn.act(actor, alert.id, 'confirm').expect(403);
    }
    await door(world.manager).get(`${PATH}/${v7()}`).expect(404);
    await door(world.manager).get(`${PATH}/CUS-000001`).expect(404);
  });

  it('alerts of a deleted customer are hidden, and come back with it; what it ordered in the meantime counts', async () => {
    const silent = await atRisk(world.alice, k('A'));
    const back = await atRisk(world.alice, k('B'));
    const door = world.service.as(world.manager);
    for (const { customer, alert } of [silent, back]) {
      await door.delete(`/api/v1/customers/${customer.id}`).expect(204);
      await door.get(`${PATH}/${alert.id}`).expect(404);
      expect(await churn.alertsOf(customer.id)).toEqual([]);
      await churn.act(world.manager, alert.id, 'confirm').expect(404);
    }
    await churn.order(k('B'), today);
    for (const [{ customer }, status] of [
      [silent, 'at_risk'],
      [back, 'active'],
    ] as const)
      expect((await door.post(`/api/v1/customers/${customer.id}/restore`).expect(200)).body.status).toBe(status);
    expect(await churn.alertsOf(silent.customer.id)).toEqual([silent.alert]);
    expect(await churn.alertsOf(back.customer.id)).toMatchObject([{ status: 'recovered' }]);
  });

  it('lists filter, sort and search by the customer', async () => {
    const mine: Actor = await world.service.person('account_manager', k('owner'));
    const [first, second] = [await atRisk(mine, k('茶叶公司')), await atRisk(mine, k('Coffee'))];
    const third = await churn.customer(mine, k('Never'), before(today, 9));
    await churn.scan();
    await churn.act(mine, second.alert.id, 'postpone').expect(200);
    const names = async (query: string, actor: Actor = world.manager): Promise<string[]> =>
      ((await world.service.as(actor).get(`${PATH}?${query}`).expect(200)).body.items as Json[]).map(
        (item) => (item.customerName as string).split('-')[0]!,
      );
    const all = ['Never', 'Coffee', '茶叶公司'];
    expect(await names(`ownerId=${mine.id}`)).toEqual(all);
    expect(await names('', mine)).toEqual(all);
    expect(await names(`ownerId=${world.alice.id}`, mine)).toEqual([]);
    expect(await names('status=postponed', mine)).toEqual(['Coffee']);
    expect(await names('status=warning,postponed&sort=raisedAt', mine)).toEqual(all.toReversed());
    expect((await names('sort=since', mine))[0]).toBe('Never');
    expect(await names(`q=${encodeURIComponent('叶公')}`, mine)).toEqual(['茶叶公司']);
    expect(await names(`q=${third.code as string}`, mine)).toEqual(['Never']);
    expect(await names(`customerId=${first.customer.id as string}`, mine)).toEqual(['茶叶公司']);
    expect(await names(`lastOrderDate[lte]=${before(today, 7)}`, mine)).toEqual(['Coffee', '茶叶公司']);
    expect(await names(`raisedAt[gt]=${second.alert.raisedAt}`, mine)).toEqual(['Never']);
    const page = await world.service.as(mine).get(`${PATH}?limit=2&count=true`).expect(200);
    expect(page.body).toMatchObject({ total: 3, items: [{}, {}] });
    const next = `${PATH}?limit=2&cursor=${page.body.nextCursor as string}`;
    expect((await world.service.as(mine).get(next).expect(200)).body).toMatchObject({ nextCursor: null, items: [{}] });
    await world.service.as(mine).get(`${PATH}?reason=x`).expect(400);
    await world.service.as(mine).get(`${PATH}?sort=status`).expect(400);
  });
});

import { ChurnAlertMoved, ChurnMeasureAdded } from '#contracts';
import { dayIn } from '#platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { before, churnOf, ZONE, type Churn } from './churn.fixture.js';
import { ownKeys, startWorld, type Json, type World } from './customer.fixture.js';
import { mergeDesk } from './merge.fixture.js';

let world: World;
let churn: Churn;
let desk: ReturnType<typeof mergeDesk>;
/** Keys of one test: the tests share a database. */
let k: (name: string) => string;
beforeAll(async () => {
  world = await startWorld();
  churn = churnOf(world);
  desk = mergeDesk(world);
});
afterAll(() => world?.service.stop());
beforeEach(() => {
  k = ownKeys();
});

const today = dayIn(ZONE);
/** Customers of these names, with their last orders so many months ago; who has none for more than six is at risk. */
async function customers(months: Record<string, number | undefined>): Promise<Record<string, Json>> {
  const made: Record<string, Json> = {};
  for (const [name, ago] of Object.entries(months)) {
    made[name] = await churn.customer(name === 'merged' ? world.alice : world.bob, k(name));
    if (ago !== undefined) await churn.order(k(name), before(today, ago));
  }
  await churn.scan();
  return made;
}
const stateOf = async (customerId: string) => ({
  status: await churn.statusOf(customerId),
  alerts: (await churn.alertsOf(customerId)).map(({ status }) => status),
});

describe('CUS-6, CHU-2: alerts of merged customers', () => {
  it('an open alert becomes the survivor’s, who is at risk with it and whose owner handles it; an undo gives it back', async () => {
    const { merged, into } = await customers({ merged: 7, into: undefined });
    const [alert] = await churn.alertsOf(merged!.id);
    await churn.act(world.alice, alert!.id, 'postpone').expect(200);
    const { mergeId, status } = await desk.merged(merged!.id, into!.id);
    expect(status).toBe('at_risk');
    const moved = await world.service.events.published(
      ChurnAlertMoved.type,
      ({ data }) => (data as Json).alertId === alert!.id,
    );
    expect(moved.data).toMatchObject({ customerId: into!.id, ownerId: world.bob.id, status: 'postponed' });
    expect(await churn.alertsOf(into!.id)).toMatchObject([{ id: alert!.id, ownerId: world.bob.id, version: 3 }]);
    // The old id stands for the survivor.
    expect(await churn.alertsOf(merged!.id)).toMatchObject([{ id: alert!.id, customerId: into!.id }]);
    await churn.act(world.alice, alert!.id, 'measures').expect(404);
    await churn.act(world.bob, alert!.id, 'measures', { measure: 'Called them' }).expect(200);

    await desk.undo(mergeId).expect(200);
    expect(await stateOf(merged!.id)).toEqual({ status: 'at_risk', alerts: ['postponed'] });
    expect(await stateOf(into!.id)).toEqual({ status: 'active', alerts: [] });
    expect((await churn.alertsOf(merged!.id))[0]!.measures).toHaveLength(2);
  });

  it('of two open alerts the survivor’s stays, with the measures of both; an undo parts them again', async () => {
    const { merged, into } = await customers({ merged: 7, into: 8 });
    const [[mine], [theirs]] = [await churn.alertsOf(merged!.id), await churn.alertsOf(into!.id)];
    await churn.act(world.alice, mine!.id, 'postpone', { measure: 'Visited', date: '2026-01-02' }).expect(200);
    await churn.act(world.bob, theirs!.id, 'measures', { measure: 'Wrote', date: '2026-01-01' }).expect(200);
    const { mergeId } = await desk.merged(merged!.id, into!.id);
    const [one, ...more] = await churn.alertsOf(into!.id);
    expect(more).toEqual([]);
    expect(one).toMatchObject({ id: theirs!.id, status: 'warning' });
    expect(one!.measures.map(({ measure, authorId }) => [measure, authorId])).toEqual([
      ['Wrote', world.bob.id],
      ['Visited', world.alice.id],
    ]);
    await world.service.events.published(
      ChurnMeasureAdded.type,
      ({ data }) => (data as Json).alertId === theirs!.id && (data as Json).measure === 'Visited',
    );
    await world.service.as(world.manager).get(`/api/v1/churn-alerts/${mine!.id}`).expect(404);

    await desk.undo(mergeId).expect(200);
    for (const [customer, alert, measure] of [
      [merged, mine, 'Visited'],
      [into, theirs, 'Wrote'],
    ] as const) {
      expect(await churn.statusOf(customer!.id)).toBe('at_risk');
      expect(await churn.alertsOf(customer!.id)).toMatchObject([{ id: alert!.id, measures: [{ measure }] }]);
    }
  });

  it('an order of either recovers what is open', async () => {
    const { merged, into } = await customers({ merged: 7, into: 1 });
    const { mergeId, status } = await desk.merged(merged!.id, into!.id);
    expect(status).toBe('active');
    expect(await stateOf(into!.id)).toEqual({ status: 'active', alerts: ['recovered'] });
    await desk.undo(mergeId).expect(200);
    expect(await stateOf(merged!.id)).toEqual({ status: 'active', alerts: ['recovered'] });
    await churn.scan();
    expect(await stateOf(merged!.id)).toEqual({ status: 'at_risk', alerts: ['warning', 'recovered'] });
  });

  it('a survivor that was lost is at risk with an open alert, active with an order, and lost again after an undo', async () => {
    const { merged, into } = await customers({ merged: 7, into: 8 });
    const [theirs] = await churn.alertsOf(into!.id);
    await churn.act(world.bob, theirs!.id, 'confirm').expect(200);
    const { mergeId } = await desk.merged(merged!.id, into!.id);
    expect((await stateOf(into!.id)).status).toBe('at_risk');
    await desk.undo(mergeId).expect(200);
    expect(await stateOf(into!.id)).toEqual({ status: 'lost', alerts: ['lost'] });
    expect(await stateOf(merged!.id)).toEqual({ status: 'at_risk', alerts: ['warning'] });

    await churn.order(k('merged'), today);
    await desk.merged(merged!.id, into!.id);
    expect((await stateOf(into!.id)).status).toBe('active');
  });

  it('a loss that is confirmed after the merge is the merged customer’s after its undo; the survivor is what it was', async () => {
    const { merged, into } = await customers({ merged: 7, into: undefined });
    const [alert] = await churn.alertsOf(merged!.id);
    const { mergeId } = await desk.merged(merged!.id, into!.id);
    await churn.act(world.bob, alert!.id, 'confirm').expect(200);
    expect(await churn.statusOf(into!.id)).toBe('lost');
    await desk.undo(mergeId).expect(200);
    expect(await stateOf(merged!.id)).toEqual({ status: 'lost', alerts: ['lost'] });
    expect(await stateOf(into!.id)).toEqual({ status: 'active', alerts: [] });
  });
});

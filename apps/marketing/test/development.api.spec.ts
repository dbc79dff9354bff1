import { PlanItemAdded, PlanItemChanged, PlanItemExecuted, PlanItemRemoved } from '#contracts';
import { type Marketing, startMarketing } from './marketing.fixture.js';

const PATH = '/api/v1/opportunities';

describe('Development of an opportunity over REST', () => {
  let marketing: Marketing;
  beforeAll(async () => {
    marketing = await startMarketing();
  });
  afterAll(() => marketing?.service.stop());
  const as = (who: keyof Marketing['people']) => marketing.service.as(marketing.people[who]);
  const given = () => marketing.assigned(marketing.people.manager, marketing.people.alice);
  const planned = async (id: string, todo = 'call', date = '2026-01-02') =>
    (await as('alice').post(`${PATH}/${id}/plan-items`).send({ date, todo }).expect(201)).body as { id: string };

  it('MKT-5: the assignee plans, changes, removes steps and records results, each said as an event', async () => {
    const { id } = await given();
    const later = await planned(id, 'visit', '2026-03-01');
    const first = await planned(id);
    const surplus = await planned(id, 'mistake');
    const changed = await as('alice')
      .patch(`${PATH}/${id}/plan-items/${later.id}`)
      .send({ date: '2026-02-01' })
      .expect(200);
    expect(changed.body).toEqual({
      id: later.id,
      version: 2,
      status: 'open',
      date: '2026-02-01',
      todo: 'visit',
      result: null,
      executedAt: null,
    });
    expect(changed.headers.etag).toBe('"2"');
    const read = await as('manager').get(`${PATH}/${id}/plan-items/${later.id}`).expect(200);
    expect([read.body, read.headers.etag]).toEqual([changed.body, '"2"']);
    await as('alice').delete(`${PATH}/${id}/plan-items/${surplus.id}`).expect(204);
    await as('alice').get(`${PATH}/${id}/plan-items/${surplus.id}`).expect(404);
    const { body: done } = await as('alice')
      .post(`${PATH}/${id}/plan-items/${first.id}/result`)
      .send({ result: 'keen' })
      .expect(200);
    expect(done).toMatchObject({ id: first.id, status: 'carried_out', result: 'keen', executedAt: expect.any(String) });
    const plan = await as('manager').get(`${PATH}/${id}/plan-items`).expect(200);
    expect(plan.body).toEqual({ items: [done, changed.body], nextCursor: null });
    for (const [type, planItemId] of [
      [PlanItemAdded.type, surplus.id],
      [PlanItemChanged.type, later.id],
      [PlanItemRemoved.type, surplus.id],
      [PlanItemExecuted.type, first.id],
    ])
      await marketing.service.events.published(
        type!,
        ({ subject, data }) => subject === id && (data as { planItemId: string }).planItemId === planItemId,
      );
  });

  it('MKT-5: a step with a result can no longer be changed or removed; its day may lie in the past', async () => {
    const { id } = await given();
    const step = `${PATH}/${id}/plan-items/${(await planned(id, 'call', '1999-12-31')).id}`;
    await as('alice').post(`${step}/result`).send({ result: 'keen' }).expect(200);
    for (const request of [
      as('alice').patch(step).send({ todo: 'x' }),
      as('alice').delete(step),
      as('alice').post(`${step}/result`).send({ result: 'again' }),
    ])
      expect((await request.expect(409)).body.type).toBe('/problems/plan-item-executed');
  });

  it('ALL-2: If-Match names the version of the step; where there is none yet, that of the opportunity', async () => {
    const { id, version } = await given();
    const steps = `${PATH}/${id}/plan-items`;
    const input = { date: '2026-01-02', todo: 'call' };
    await as('alice')
      .post(steps)
      .set('If-Match', `"${version + 1}"`)
      .send(input)
      .expect(412);
    const made = await as('alice').post(steps).set('If-Match', `"${version}"`).send(input).expect(201);
    expect(made.headers.etag).toBe('"1"');
    const step = `${steps}/${made.body.id}`;
    await as('alice').patch(step).set('If-Match', '"1"').send({ todo: 'visit' }).expect(200);
    const same = await as('alice').patch(step).set('If-Match', '"2"').send({ todo: 'visit' }).expect(200);
    expect(same.body.version).toBe(2);
    for (const request of [
      as('alice').patch(step).set('If-Match', '"1"').send({ todo: 'x' }),
      as('alice').post(`${step}/result`).set('If-Match', '"1"').send({ result: 'keen' }),
      as('alice').delete(step).set('If-Match', '"1"'),
    ])
      expect((await request.expect(412)).body.type).toBe('/problems/stale-version');
    await as('alice').delete(step).set('If-Match', '"2"').expect(204);
  });

  it('MKT-5: only the assignee, only while assigned, only its own steps', async () => {
    const { id } = await given();
    const other = await given();
    const step = await planned(id);
    const input = { date: '2026-01-02', todo: 'call' };
    await as('manager').post(`${PATH}/${id}/plan-items`).send(input).expect(403);
    await as('bob').post(`${PATH}/${id}/plan-items`).send(input).expect(404);
    await as('alice').patch(`${PATH}/${other.id}/plan-items/${step.id}`).send({ todo: 'x' }).expect(404);
    await as('alice').delete(`${PATH}/${id}/plan-items/nonsense`).expect(404);
    await as('alice').post(`${PATH}/${id}/plan-items`).send({ date: '2026-02-30', todo: 'call' }).expect(400);
    const unassigned = await marketing.create(marketing.people.alice);
    const { body: problem } = await as('alice').post(`${PATH}/${unassigned.id}/plan-items`).send(input).expect(409);
    expect(problem).toMatchObject({ type: '/problems/illegal-transition', state: 'unassigned', allowed: ['assign'] });
    await as('alice').post(`${PATH}/${id}/lose`).send({ reason: 'no budget' }).expect(200);
    await as('alice').post(`${PATH}/${id}/plan-items/${step.id}/result`).send({ result: 'late' }).expect(409);
  });

  it('MKT-10: the timeline shows who did what, from what to what, newest first', async () => {
    const { manager, mia, alice, bob } = marketing.people;
    const { id } = await marketing.create(alice);
    await as('alice')
      .patch(`${PATH}/${id}`)
      .send({ summary: 'Wants 500 licences', stage: 'qualification' })
      .expect(200);
    await as('manager').post(`${PATH}/${id}/assign`).send({ assigneeId: bob.id }).expect(200);
    await as('mia').post(`${PATH}/${id}/assign`).send({ assigneeId: alice.id }).expect(200);
    const step = await planned(id);
    await as('alice').patch(`${PATH}/${id}/plan-items/${step.id}`).send({ todo: 'visit' }).expect(200);
    await as('alice').post(`${PATH}/${id}/plan-items/${step.id}/result`).send({ result: 'keen' }).expect(200);
    const surplus = await planned(id, 'mistake');
    await as('alice').delete(`${PATH}/${id}/plan-items/${surplus.id}`).expect(204);
    await as('alice').post(`${PATH}/${id}/win`).expect(200);
    const { body } = await as('manager').get(`${PATH}/${id}/timeline`).expect(200);
    expect(body.nextCursor).toBeNull();
    expect(body.items.toReversed()).toMatchObject([
      { act: 'created', actorId: alice.id },
      { act: 'stage-changed', actorId: alice.id, details: { from: 'prospecting', to: 'qualification' } },
      { act: 'edited', details: { summary: { from: 'Wants 400 licences', to: 'Wants 500 licences' } } },
      { act: 'assigned', actorId: manager.id, details: { from: null, to: bob.id } },
      { act: 'reassigned', actorId: mia.id, details: { from: bob.id, to: alice.id } },
      { act: 'plan-item-added', details: { planItemId: step.id, date: '2026-01-02', todo: 'call' } },
      { act: 'plan-item-changed', details: { from: { todo: 'call' }, to: { todo: 'visit' } } },
      { act: 'plan-item-executed', details: { planItemId: step.id, result: 'keen' } },
      { act: 'plan-item-added', details: { todo: 'mistake' } },
      { act: 'plan-item-removed', details: { planItemId: surplus.id, todo: 'mistake' } },
      { act: 'won', actorId: alice.id },
    ]);
    const times = body.items.map((entry: { at: string }) => entry.at);
    expect(times).toEqual([...times].sort().toReversed());
    await as('bob').get(`${PATH}/${id}/timeline`).expect(404);
  });
});

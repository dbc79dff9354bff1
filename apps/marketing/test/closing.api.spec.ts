import {
  CustomerCreated,
  CustomerOpportunityLinked,
  OpportunityLinked,
  OpportunityLost,
  OpportunityWon,
} from '#contracts';
import { v7 } from 'uuid';
import { type Marketing, startMarketing } from './marketing.fixture.js';

const PATH = '/api/v1/opportunities';
const customer = (customerId: string, sourceOpportunityId: string | null) =>
  CustomerCreated.of(customerId, {
    customerId,
    code: 'CUS-000001',
    name: 'Blue Whale Ltd',
    status: 'active',
    ownerId: null,
    externalRef: null,
    region: null,
    level: null,
    satisfaction: null,
    credit: null,
    industry: null,
    sourceOpportunityId,
  });

describe('Wins and losses', () => {
  let marketing: Marketing;
  beforeAll(async () => {
    marketing = await startMarketing();
  });
  afterAll(() => marketing?.service.stop());
  const as = (who: keyof Marketing['people']) => marketing.service.as(marketing.people[who]);
  const given = () => marketing.assigned(marketing.people.manager, marketing.people.alice);
  const planned = async (id: string, todo = 'call', date = '2026-01-02') =>
    (await as('alice').post(`${PATH}/${id}/plan-items`).send({ date, todo }).expect(201)).body as { id: string };

  it('MKT-6: a win needs at least one step and a result for every one', async () => {
    const { id } = await given();
    const none = await as('alice').post(`${PATH}/${id}/win`).expect(409);
    expect(none.body).toMatchObject({ type: '/problems/open-plan-items', items: [] });
    const step = await planned(id);
    const open = await as('alice').post(`${PATH}/${id}/win`).expect(409);
    expect(open.body).toMatchObject({ items: ['2026-01-02 call'], errors: [{ path: `planItems.${step.id}` }] });
    await as('alice').post(`${PATH}/${id}/plan-items/${step.id}/result`).send({ result: 'keen' }).expect(200);
    await as('manager').post(`${PATH}/${id}/win`).expect(403);
    await as('mentor').post(`${PATH}/${id}/win`).expect(403);
    await as('bob').post(`${PATH}/${id}/win`).expect(404);
    const { body: won } = await as('alice').post(`${PATH}/${id}/win`).expect(200);
    expect(won).toMatchObject({ status: 'won', closedAt: expect.any(String), customerId: null });
    const event = await marketing.service.events.published(OpportunityWon.type, ({ subject }) => subject === id);
    expect(event.data).toMatchObject({
      opportunityId: id,
      assigneeId: marketing.people.alice.id,
      customerName: won.customerName,
    });
    const again = await as('alice').post(`${PATH}/${id}/win`).expect(409);
    expect(again.body).toMatchObject({ type: '/problems/illegal-transition', move: 'win', state: 'won', allowed: [] });
  });

  it('ALL-3: a win repeated with the same Idempotency-Key is one win', async () => {
    const { id } = await given();
    const step = await planned(id);
    await as('alice').post(`${PATH}/${id}/plan-items/${step.id}/result`).send({ result: 'keen' }).expect(200);
    const key = v7();
    const wins = await Promise.all(
      [1, 2, 3].map(() => as('alice').post(`${PATH}/${id}/win`).set('Idempotency-Key', key)),
    );
    expect(wins.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(wins[1]!.body).toEqual(wins[0]!.body);
    expect(wins[2]!.body).toEqual(wins[0]!.body);
    const rows = await marketing.service.query(`SELECT 1 FROM outbox WHERE aggregate_id = $1 AND type = $2`, [
      id,
      OpportunityWon.type,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('MKT-7: a loss needs a reason; open steps stay on record as not carried out', async () => {
    const { id } = await given();
    const done = await planned(id, 'visit', '2026-01-01');
    await as('alice').post(`${PATH}/${id}/plan-items/${done.id}/result`).send({ result: 'not keen' }).expect(200);
    const open = await planned(id);
    for (const body of [{}, { reason: ' ' }, { reason: null }, { reason: 'x'.repeat(501) }]) {
      const { body: problem } = await as('alice').post(`${PATH}/${id}/lose`).send(body).expect(400);
      expect(problem).toMatchObject({ errors: [{ path: 'reason' }] });
    }
    await as('manager').post(`${PATH}/${id}/lose`).send({ reason: 'x' }).expect(403);
    const { body: lost } = await as('alice').post(`${PATH}/${id}/lose`).send({ reason: 'no budget' }).expect(200);
    expect(lost).toMatchObject({ status: 'lost', closeReason: 'no budget', closedAt: expect.any(String) });
    const event = await marketing.service.events.published(OpportunityLost.type, ({ subject }) => subject === id);
    expect(event.data).toMatchObject({ status: 'lost', closeReason: 'no budget', closedAt: lost.closedAt });
    expect((await as('manager').get(`${PATH}/${id}/plan-items`)).body.items).toMatchObject([
      { todo: 'visit', status: 'carried_out', result: 'not keen' },
      { todo: 'call', status: 'not_carried_out', result: null, executedAt: null },
    ]);
    expect((await as('manager').get(`${PATH}/${id}/timeline?limit=1`)).body.items).toMatchObject([
      {
        act: 'lost',
        actorId: marketing.people.alice.id,
        details: { reason: 'no budget', notCarriedOut: [{ planItemId: open.id, date: '2026-01-02', todo: 'call' }] },
      },
    ]);
    await as('alice').delete(`${PATH}/${id}/plan-items/${open.id}`).expect(409);
    await as('alice').post(`${PATH}/${id}/win`).expect(409);
  });

  it('MKT-7: a loss is possible at any time while assigned, and at no other', async () => {
    const { id } = await given();
    await as('alice').post(`${PATH}/${id}/lose`).send({ reason: 'no answer' }).expect(200);
    const planned = await marketing.won(marketing.people.manager, marketing.people.alice);
    const unassigned = await marketing.create(marketing.people.alice);
    for (const [each, state, allowed] of [
      [id, 'lost', []],
      [planned.id, 'won', []],
      [unassigned.id, 'unassigned', ['assign']],
    ] as const)
      expect((await as('alice').post(`${PATH}/${each}/lose`).send({ reason: 'x' }).expect(409)).body).toMatchObject({
        type: '/problems/illegal-transition',
        move: 'lose',
        state,
        allowed,
      });
  });

  it.each([
    ['is made', (customerId: string, opportunityId: string) => customer(customerId, opportunityId)],
    [
      'is linked',
      (customerId: string, opportunityId: string) =>
        CustomerOpportunityLinked.of(customerId, { customerId, opportunityId }),
    ],
  ])('MKT-6: shows its customer when that %s, once however often it is told', async (_, told) => {
    const { id } = await marketing.won(marketing.people.manager, marketing.people.alice);
    const customerId = v7();
    const [envelope] = await marketing.service.deliver(told(customerId, id));
    const linked = await marketing.service.events.published(OpportunityLinked.type, ({ subject }) => subject === id);
    expect(linked.data).toEqual({ opportunityId: id, customerId });
    await marketing.service.events.send(envelope!, envelope!);
    await marketing.service.deliver(told(customerId, id));
    expect((await as('alice').get(`${PATH}/${id}`)).body.customerId).toBe(customerId);
    const rows = await marketing.service.query(`SELECT 1 FROM outbox WHERE aggregate_id = $1 AND type = $2`, [
      id,
      OpportunityLinked.type,
    ]);
    expect(rows).toHaveLength(1);
    const acts = (await as('alice').get(`${PATH}/${id}/timeline`)).body.items.map(
      (entry: { act: string }) => entry.act,
    );
    expect(acts.filter((act: string) => act === 'linked')).toHaveLength(1);
  });

  it('MKT-6: a customer that comes from no opportunity, or from one that is gone, changes nothing', async () => {
    await marketing.service.deliver(customer(v7(), null), customer(v7(), v7()));
    expect(await marketing.service.query(`SELECT 1 FROM dead_letter`)).toHaveLength(0);
  });
});

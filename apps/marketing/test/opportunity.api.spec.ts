import { OpportunityUpdated } from '#contracts';
import { v7 } from 'uuid';
import { type Marketing, startMarketing } from './marketing.fixture.js';

const PATH = '/api/v1/opportunities';

describe('Opportunities over REST', () => {
  let marketing: Marketing;
  beforeAll(async () => {
    marketing = await startMarketing();
  });
  afterAll(() => marketing?.service.stop());
  const as = (who: keyof Marketing['people']) => marketing.service.as(marketing.people[who]);

  describe('who sees what', () => {
    it('MKT-3: an account manager sees what they created or what is assigned to them, and changes only what is theirs now', async () => {
      const { alice, bob, manager } = marketing.people;
      const { id, code } = await marketing.create(alice);
      await as('alice').get(`${PATH}/${id}`).expect(200);
      await as('alice').get(`${PATH}/${code}`).expect(200);
      for (const sub of ['', '/timeline', '/plan-items']) await as('bob').get(`${PATH}/${id}${sub}`).expect(404);
      await as('bob').get(`${PATH}/${code}`).expect(404);
      await as('bob').patch(`${PATH}/${id}`).send({ summary: 'mine' }).expect(404);
      await as('bob').delete(`${PATH}/${id}`).expect(404);
      const ids = async (who: keyof Marketing['people']) =>
        ((await as(who).get(`${PATH}?limit=200`).expect(200)).body.items as { id: string }[]).map((item) => item.id);
      expect(await ids('bob')).not.toContain(id);
      expect(await ids('alice')).toContain(id);

      await marketing.service.as(manager).post(`${PATH}/${id}/assign`).send({ assigneeId: bob.id }).expect(200);
      for (const who of ['alice', 'bob'] as const) {
        for (const sub of ['', '/timeline', '/plan-items']) await as(who).get(`${PATH}/${id}${sub}`).expect(200);
        expect(await ids(who)).toContain(id);
      }
      const refused = await as('alice').patch(`${PATH}/${id}`).send({ stage: 'proposal' }).expect(403);
      expect(refused.body.type).toBe('/problems/not-owner');
      await as('alice').patch(`${PATH}/${id}`).send({ summary: 'x' }).expect(409);
      await as('alice').delete(`${PATH}/${id}`).expect(409);
      await as('alice').post(`${PATH}/${id}/plan-items`).send({ date: '2026-01-02', todo: 'call' }).expect(403);
      await as('alice').post(`${PATH}/${id}/lose`).send({ reason: 'x' }).expect(403);

      await marketing.service.as(manager).post(`${PATH}/${id}/assign`).send({ assigneeId: alice.id }).expect(200);
      await as('bob').get(`${PATH}/${id}`).expect(404);
      expect(await ids('bob')).not.toContain(id);
      expect(await ids('manager')).toContain(id);
    });

    it('answers 404 for what is not there, before it looks at the body', async () => {
      for (const id of [v7(), 'OPP-999999', 'nonsense']) {
        await as('manager').get(`${PATH}/${id}`).expect(404);
        await as('manager').patch(`${PATH}/${id}`).send({ nonsense: 1 }).expect(404);
      }
    });
  });

  describe('edit', () => {
    it('MKT-3: creator and sales manager edit everything while unassigned', async () => {
      const { id, code } = await marketing.create(marketing.people.alice);
      const changed = await as('alice')
        .patch(`${PATH}/${code}`)
        .send({ customerName: 'Red Whale', source: 'web' })
        .expect(200);
      expect(changed.body).toMatchObject({ id, customerName: 'Red Whale', source: 'web', version: 2 });
      expect(changed.headers.etag).toBe('"2"');
      await as('mia').patch(`${PATH}/${id}`).send({ source: null, region: 'cn-31' }).expect(200);
      const event = await marketing.service.events.published(
        OpportunityUpdated.type,
        (each) => each.subject === id && each.sequence === 3,
      );
      expect(event.data).toMatchObject({ source: null, region: 'cn-31', customerName: 'Red Whale' });
      expect((await as('alice').get(`${PATH}?q=redwhale`).expect(200)).body.items).toMatchObject([{ id }]);
    });

    it('MKT-3: assignee and sales manager edit what belongs to the development; the rest is read-only', async () => {
      const { id } = await marketing.assigned(marketing.people.manager, marketing.people.alice);
      const changes = {
        stage: 'proposal',
        successRate: 70,
        expectedAmount: '10',
        currency: 'USD',
        contactName: 'Ann',
        description: 'Met twice',
      };
      const { body: changed } = await as('alice').patch(`${PATH}/${id}`).send(changes).expect(200);
      expect(changed).toMatchObject({ ...changes, expectedAmount: '10.00' });
      await as('mia').patch(`${PATH}/${id}`).send({ stage: 'negotiation' }).expect(200);
      const refused = await as('manager')
        .patch(`${PATH}/${id}`)
        .send({ summary: 'x', customerName: 'y', stage: 'proposal' })
        .expect(409);
      expect(refused.body).toMatchObject({ type: '/problems/read-only', state: 'assigned' });
      expect(refused.body.errors.map((each: { path: string }) => each.path).sort()).toEqual([
        'customerName',
        'summary',
      ]);
      expect((await as('alice').get(`${PATH}/${id}`)).body.stage).toBe('negotiation');
    });

    it('MKT-3: won and lost are read-only', async () => {
      const won = await marketing.won(marketing.people.manager, marketing.people.alice);
      const { id } = await marketing.assigned(marketing.people.manager, marketing.people.alice);
      await as('alice').post(`${PATH}/${id}/lose`).send({ reason: 'no budget' }).expect(200);
      for (const closed of [won.id, id]) {
        await as('alice').patch(`${PATH}/${closed}`).send({ description: 'x' }).expect(409);
        await as('manager').patch(`${PATH}/${closed}`).send({ stage: 'proposal' }).expect(409);
        await as('manager').delete(`${PATH}/${closed}`).expect(409);
      }
    });

    it('checks body, then state, then ownership', async () => {
      const { id } = await marketing.assigned(marketing.people.manager, marketing.people.alice);
      await as('mentor').patch(`${PATH}/${id}`).send({ successRate: 500, summary: 'x' }).expect(400);
      await as('mentor').patch(`${PATH}/${id}`).send({ stage: 'nonsense', summary: 'x' }).expect(422);
      await as('mentor').patch(`${PATH}/${id}`).send({ summary: 'x' }).expect(409);
      const { body: problem } = await as('mentor').patch(`${PATH}/${id}`).send({ stage: 'proposal' }).expect(403);
      expect(problem.type).toBe('/problems/not-owner');
      await as('mentor').post(`${PATH}/${id}/lose`).send({ reason: 'x' }).expect(403);
      await as('mentor').post(`${PATH}/${id}/plan-items`).send({ date: '2026-01-02', todo: 'call' }).expect(403);
    });

    it('DIC-3: a code that was retired later stays as it is, but is not chosen again', async () => {
      const { id } = await marketing.create(marketing.people.alice, { source: 'fair' });
      await marketing.service.query(`UPDATE opportunity SET source = 'retired' WHERE id = $1`, [id]);
      await as('alice').patch(`${PATH}/${id}`).send({ source: 'retired', summary: 'still' }).expect(200);
      await as('alice').patch(`${PATH}/${id}`).send({ source: 'web' }).expect(200);
      await as('alice').patch(`${PATH}/${id}`).send({ source: 'retired' }).expect(422);
    });

    it('ALL-2: the second of two people who save the same version is refused with 412', async () => {
      const { id } = await marketing.create(marketing.people.alice);
      const saves = await Promise.all(
        [as('alice'), as('manager')].map((who, i) =>
          who
            .patch(`${PATH}/${id}`)
            .set('If-Match', '"1"')
            .send({ summary: `by ${i}` }),
        ),
      );
      expect(saves.map(({ status }) => status).sort()).toEqual([200, 412]);
      await as('alice').delete(`${PATH}/${id}`).set('If-Match', '"1"').expect(412);
      await as('manager')
        .post(`${PATH}/${id}/assign`)
        .set('If-Match', '"1"')
        .send({ assigneeId: marketing.people.bob.id })
        .expect(412);
      await as('alice').delete(`${PATH}/${id}`).set('If-Match', '"2"').expect(204);
    });
  });
});

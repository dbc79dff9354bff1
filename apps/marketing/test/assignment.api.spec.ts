import { OpportunityAssigned, OpportunityDeleted, UserCreated } from '#contracts';
import { v7 } from 'uuid';
import { type Marketing, startMarketing } from './marketing.fixture.js';

const PATH = '/api/v1/opportunities';

describe('Assignment and deletion over REST', () => {
  let marketing: Marketing;
  beforeAll(async () => {
    marketing = await startMarketing();
  });
  afterAll(() => marketing?.service.stop());
  const as = (who: keyof Marketing['people']) => marketing.service.as(marketing.people[who]);

  describe('delete', () => {
    it('MKT-3: creator or sales manager, while unassigned', async () => {
      const { id, code } = await marketing.create(marketing.people.alice);
      await as('executive').delete(`${PATH}/${id}`).expect(403);
      await as('alice').delete(`${PATH}/${id}`).expect(204);
      await as('alice').get(`${PATH}/${id}`).expect(404);
      await as('alice').delete(`${PATH}/${id}`).expect(404);
      const event = await marketing.service.events.published(OpportunityDeleted.type, ({ subject }) => subject === id);
      expect(event.data).toEqual({ opportunityId: id, code });

      const given = await marketing.assigned(marketing.people.manager, marketing.people.alice);
      for (const who of ['alice', 'manager'] as const) {
        const { body: problem } = await as(who).delete(`${PATH}/${given.id}`).expect(409);
        expect(problem).toMatchObject({
          type: '/problems/illegal-transition',
          state: 'assigned',
          allowed: ['assign', 'win', 'lose'],
        });
      }
    });
  });

  describe('assign', () => {
    it('MKT-4: gives it to one account manager, and to another later', async () => {
      const { manager, alice, bob } = marketing.people;
      const { id } = await marketing.create(alice);
      const first = await as('manager').post(`${PATH}/${id}/assign`).send({ assigneeId: alice.id }).expect(200);
      expect(first.body).toMatchObject({ status: 'assigned', assigneeId: alice.id, version: 2 });
      expect(first.headers.etag).toBe('"2"');
      await as('mia').post(`${PATH}/${id}/assign`).send({ assigneeId: bob.id.toUpperCase() }).expect(200);
      const event = await marketing.service.events.published(
        OpportunityAssigned.type,
        (each) => each.subject === id && each.sequence === 3,
      );
      expect(event).toMatchObject({
        actorid: marketing.people.mia.id,
        data: { assigneeId: bob.id, previousAssigneeId: alice.id },
      });
      const repeated = await as('mia').post(`${PATH}/${id}/assign`).send({ assigneeId: bob.id }).expect(200);
      expect(repeated.body.version).toBe(3);
      expect(manager.id).not.toBe(event.actorid);
    });

    it('MKT-4: also to one who develops and, by another role, does more', async () => {
      const userId = v7();
      await marketing.service.deliver(
        UserCreated.of(userId, {
          userId,
          username: 'both',
          displayName: 'Both',
          status: 'active',
          roles: ['sales_manager', 'account_manager'],
        }),
      );
      const { id } = await marketing.create(marketing.people.manager);
      await as('manager').post(`${PATH}/${id}/assign`).send({ assigneeId: userId }).expect(200);
    });

    it('MKT-4: only to an active person who may develop opportunities', async () => {
      const { manager, executive, gone, mia } = marketing.people;
      const { id } = await marketing.create(manager);
      for (const assigneeId of [executive.id, gone.id, mia.id, v7()]) {
        const { body: problem } = await as('manager').post(`${PATH}/${id}/assign`).send({ assigneeId }).expect(422);
        expect(problem).toMatchObject({ type: '/problems/person-not-eligible' });
      }
      await as('manager').post(`${PATH}/${id}/assign`).send({ assigneeId: 'alice' }).expect(400);
      await as('manager').post(`${PATH}/${id}/assign`).send({}).expect(400);
      expect((await as('manager').get(`${PATH}/${id}`)).body.status).toBe('unassigned');
    });

    it('MKT-4: only by a sales manager', async () => {
      const { id } = await marketing.create(marketing.people.alice);
      await as('alice').post(`${PATH}/${id}/assign`).send({ assigneeId: marketing.people.alice.id }).expect(403);
    });

    it('MKT-2: not when it is closed', async () => {
      const { id } = await marketing.won(marketing.people.manager, marketing.people.alice);
      const { body: problem } = await as('manager')
        .post(`${PATH}/${id}/assign`)
        .send({ assigneeId: marketing.people.bob.id })
        .expect(409);
      expect(problem).toMatchObject({
        type: '/problems/illegal-transition',
        move: 'assign',
        state: 'won',
        allowed: [],
      });
    });
  });
});

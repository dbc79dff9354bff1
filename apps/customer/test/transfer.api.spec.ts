import { CustomerTransferred, type CustomerView, UserUpdated } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { ownKeys, startWorld, type World } from './customer.fixture.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

const CUSTOMERS = '/api/v1/customers';
const created = async (): Promise<CustomerView> =>
  (
    await world.service
      .as(world.alice)
      .post(CUSTOMERS)
      .send({ name: ownKeys()('Mine') })
      .expect(201)
  ).body;
const transfer = (id: string, ownerId: unknown, actor = world.manager) =>
  world.service.as(actor).post(`${CUSTOMERS}/${id}/transfer`).send({ ownerId });

describe('the transfer of a customer', () => {
  it('CUS-7: gives it to another owner, who may work with it from then on, and tells from whom', async () => {
    const { id, code } = await created();
    const answer = await transfer(code, world.bob.id).expect(200);
    expect(answer).toMatchObject({ body: { id, ownerId: world.bob.id, version: 2 }, headers: { etag: '"2"' } });
    const edit = (actor: World['alice']) =>
      world.service.as(actor).patch(`${CUSTOMERS}/${id}`).send({ remarks: actor.name });
    await edit(world.alice).expect(403);
    await edit(world.bob).expect(200);
    const event = await world.service.events.published(CustomerTransferred.type, ({ subject }) => subject === id);
    expect(event).toMatchObject({
      actorid: world.manager.id,
      data: { customerId: id, ownerId: world.bob.id, previousOwnerId: world.alice.id },
    });
  });

  it('CUS-4, CUS-7: is on the timeline, from whom and to whom', async () => {
    const { id } = await created();
    await transfer(id, world.bob.id).expect(200);
    const acts = await world.service.query(
      `SELECT actor_id, details FROM customer_history WHERE customer_id = $1 AND act = 'transferred'`,
      [id],
    );
    expect(acts).toEqual([{ actor_id: world.manager.id, details: { from: world.alice.id, to: world.bob.id } }]);
  });

  it('CUS-7: to the owner that it has changes nothing', async () => {
    const { id } = await created();
    expect((await transfer(id, world.alice.id).expect(200)).body.version).toBe(1);
  });

  it('CUS-7: to nobody but one who may own customers', async () => {
    const { id } = await created();
    const gone = await world.service.person('account_manager', 'gone', 'disabled');
    for (const ownerId of [world.manager.id, gone.id, v7()]) {
      const { body } = await transfer(id, ownerId).expect(422);
      expect(body).toMatchObject({ type: '/problems/person-not-eligible', errors: [{ path: 'ownerId' }] });
    }
    await transfer(id, 'bob').expect(400);
    await transfer(v7(), 'bob').expect(404);
  });

  it('CUS-7: from one who has left', async () => {
    const carol = await world.service.person('account_manager', 'carol');
    const { body } = await world.service
      .as(carol)
      .post(CUSTOMERS)
      .send({ name: ownKeys()('Left') })
      .expect(201);
    const left = {
      userId: carol.id,
      username: 'carol',
      displayName: 'Carol',
      status: 'disabled',
      roles: ['account_manager'],
    };
    await world.service.deliver(UserUpdated.of(carol.id, UserUpdated.data.parse(left)));
    expect((await transfer(body.id, world.bob.id).expect(200)).body.ownerId).toBe(world.bob.id);
  });

  it('ALL-2: holds If-Match, and an edit with the version of before is refused', async () => {
    const { id } = await created();
    await transfer(id, world.bob.id).set('If-Match', '"7"').expect(412);
    await transfer(id, world.bob.id).set('If-Match', '"1"').expect(200);
    await world.service
      .as(world.manager)
      .patch(`${CUSTOMERS}/${id}`)
      .set('If-Match', '"1"')
      .send({ remarks: 'x' })
      .expect(412);
  });

  it('AUT-6: is for those who hold the right', async () => {
    const { id } = await created();
    await transfer(id, world.bob.id, world.alice).expect(403);
  });
});

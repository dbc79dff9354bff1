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

describe('the transfer of many customers', () => {
  const transferMany = (body: object, actor = world.manager) =>
    world.service.as(actor).post(`${CUSTOMERS}/transfers`).send(body);
  const finished = async (id: string) => {
    let job: Record<string, unknown> = {};
    await world.service.eventually(async () => {
      job = (await world.service.as(world.manager).get(`/api/v1/jobs/${id}`).expect(200)).body;
      return job.status === 'succeeded' || job.status === 'failed';
    }, 'the job does not end');
    return job;
  };
  const ownersOf = async (ids: readonly string[]) =>
    (
      await world.service.query<{ owner: string }>(
        'SELECT owner_id AS owner FROM customer WHERE id = ANY ($1) ORDER BY id',
        [ids],
      )
    ).map(({ owner }) => owner);

  it('CUS-7: gives all of a leaving manager to another, with one event and one act for each', async () => {
    const leaving = await world.service.person('account_manager', 'leaving');
    const made: CustomerView[] = [];
    for (const nth of [1, 2, 3])
      made.push(
        (
          await world.service
            .as(leaving)
            .post(CUSTOMERS)
            .send({ name: ownKeys()(`Left ${nth}`) })
            .expect(201)
        ).body,
      );
    const ids = made.map(({ id }) => id).toSorted();
    const answer = await transferMany({ fromOwnerId: leaving.id, toOwnerId: world.bob.id }).expect(202);
    expect(answer.headers.location).toBe(`/api/v1/jobs/${answer.body.id}`);
    expect(await finished(answer.body.id)).toMatchObject({ status: 'succeeded', processed: 3, failed: 0 });
    expect(await ownersOf(ids)).toEqual(ids.map(() => world.bob.id));
    for (const id of ids)
      await world.service.events.published(CustomerTransferred.type, ({ subject }) => subject === id);
    const told = await world.service.query<{ events: number; acts: number }>(
      `SELECT (SELECT count(*)::int FROM outbox WHERE type = $2 AND aggregate_id = ANY ($1)) AS events,
              (SELECT count(*)::int FROM customer_history WHERE act = 'transferred' AND customer_id = ANY ($1::uuid[])) AS acts`,
      [ids, CustomerTransferred.type],
    );
    expect(told).toEqual([{ events: 3, acts: 3 }]);
  });

  it('CUS-7: gives those that are named, and names those that are not there', async () => {
    const { id } = await created();
    const nobody = v7();
    const answer = await transferMany({ customerIds: [id, nobody], toOwnerId: world.bob.id }).expect(202);
    expect(await finished(answer.body.id)).toMatchObject({ status: 'succeeded', total: 2, processed: 2, failed: 1 });
    expect(await ownersOf([id])).toEqual([world.bob.id]);
    const errors = await world.service.as(world.manager).get(`/api/v1/jobs/${answer.body.id}/errors`).expect(200);
    expect(errors.text).toContain(nobody);
  });

  it('CUS-7: needs the right, one of the two ways to say which, and somebody who may own customers', async () => {
    const { id } = await created();
    await transferMany({ customerIds: [id], toOwnerId: world.bob.id }, world.alice).expect(403);
    const refused = [
      {},
      { customerIds: [id], fromOwnerId: world.alice.id },
      { customerIds: [] },
      { fromOwnerId: world.bob.id },
    ];
    for (const body of refused) await transferMany({ ...body, toOwnerId: world.bob.id }).expect(400);
    const { body } = await transferMany({ customerIds: [id], toOwnerId: world.manager.id }).expect(422);
    expect(body).toMatchObject({ type: '/problems/person-not-eligible', errors: [{ path: 'toOwnerId' }] });
    expect(await ownersOf([id])).toEqual([world.alice.id]);
  });
});

import { CustomerUpdated, type DeadLetterView } from '#contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { type Person, startWorld, type World } from './world.js';

const PATH = '/api/v1/operations/service/dead-letters';
let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

const as = (person: Person) => world.service.as(world.people[person]);
const open = async (): Promise<DeadLetterView[]> =>
  (await as('sysadmin').get(`${PATH}?status=dead&sort=at`).expect(200)).body.items as DeadLetterView[];

describe('EVT-4: events that could not be processed', () => {
  let letter: DeadLetterView;
  const updated = (name: string) => CustomerUpdated.of(world.customer.customerId, { ...world.customer, name });
  const name = async () =>
    (
      await world.service.query<{ name: string }>('SELECT name FROM customer WHERE id = $1', [
        world.customer.customerId,
      ])
    )[0]!.name;
  beforeEach(async () => {
    const { customer, service } = world;
    const good = service.events.envelope(updated('Behind it'));
    const bad = { ...good, id: v7(), data: { ...customer, name: 7 } };
    const behind = service.events.envelope(updated('Behind it'));
    await service.events.send(bad, behind);
    await service.eventually(async () => (await open()).length === 1, 'no dead letter');
    letter = (await open())[0]!;
    await service.eventually(async () => {
      const { body } = await as('sysadmin').get(`${PATH}?status=queued`);
      return (body.items as unknown[]).length === 1;
    }, 'the next event of the record does not wait');
  });

  it('are listed and shown to operators, with the event and why it failed', async () => {
    expect(letter).toMatchObject({
      consumer: 'service-customer-customer',
      aggregateId: world.customer.customerId,
      type: CustomerUpdated.type,
      error: expect.stringContaining('name'),
      event: { data: { name: 7 } },
    });
    expect((await as('admin').get(`${PATH}/${letter.id}`).expect(200)).body).toEqual(letter);
    for (const person of ['manager', 'alice', 'executive'] as const) {
      await as(person).get(PATH).expect(403);
      await as(person).get(`${PATH}/${letter.id}`).expect(403);
      await as(person).post(`${PATH}/${letter.id}/resend`).expect(403);
      await as(person).post(`${PATH}/${letter.id}/discard`).send({ reason: 'x' }).expect(403);
    }
    await as('sysadmin').get(`${PATH}/${v7()}`).expect(404);
    await as('sysadmin').post(`${PATH}/${v7()}/resend`).expect(404);
    await discarded('clean');
  });

  it('ALL-3: are sent again and discarded once for each Idempotency-Key, which then gives the first answer', async () => {
    const resend = () =>
      as('sysadmin').post(`${PATH}/${letter.id}/resend`).set('idempotency-key', `again-${letter.id}`);
    for (const _ of [1, 2]) expect((await resend().expect(200)).body).toEqual({ applied: 0, remaining: 2 });
    expect((await open())[0]).toMatchObject({ id: letter.id, attempts: letter.attempts + 1 });

    const key = `discard-${letter.id}`;
    for (const _ of [1, 2]) expect((await discarded(key)).body).toEqual({ applied: 1, remaining: 0 });
    expect(await name()).toBe('Behind it');
    expect((await as('sysadmin').get(`${PATH}/${letter.id}`)).body).toMatchObject({ status: 'discarded' });
    // Another request under that key is another request.
    await resend().set('idempotency-key', key).expect(422);
    await as('sysadmin').post(`${PATH}/${letter.id}/discard`).send({ reason: 'x' }).expect(409);
  });

  it('ALL-3: one that went in when it was sent again is gone, and the answer is still there', async () => {
    const { customer, service } = world;
    await service.query(`UPDATE dead_letter SET event = jsonb_set(event, '{data,name}', '"Repaired"') WHERE id = $1`, [
      letter.id,
    ]);
    const resend = () => as('sysadmin').post(`${PATH}/${letter.id}/resend`);
    const keyed = () => resend().set('idempotency-key', `repaired-${letter.id}`).expect(200);
    for (const _ of [1, 2]) expect((await keyed()).body).toEqual({ applied: 2, remaining: 0 });
    expect(await name()).toBe('Behind it');
    expect(customer.name).not.toBe(await name());
    await resend().expect(404);
  });

  const discarded = (key: string) =>
    as('sysadmin')
      .post(`${PATH}/${letter.id}/discard`)
      .set('idempotency-key', key)
      .send({ reason: 'A test' })
      .expect(200);
});

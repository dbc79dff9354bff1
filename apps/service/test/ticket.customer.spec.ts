import {
  ContactAdded,
  ContactRemoved,
  ContactUpdated,
  CustomerCreated,
  CustomerDeleted,
  CustomerRestored,
  CustomerUpdated,
} from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { customerFacts, type Desk, deskOf, problem, startWorld, TICKETS, type World } from './world.js';

let world: World;
let desk: Desk;
beforeAll(async () => {
  world = await startWorld();
  desk = deskOf(world);
});
afterAll(() => world?.service.stop());

describe('tickets and the copy of customers', () => {
  it('SVC-1: one person waits for one unknown customer at a time, further requests are refused at once', async () => {
    const refusal = async () => {
      const begun = performance.now();
      const answer = await desk
        .as('alice')
        .post(TICKETS)
        .send(desk.input({ customerId: v7() }));
      expect(answer).toMatchObject(problem('unknown-reference', 422));
      return performance.now() - begun;
    };
    const times = await Promise.all([refusal(), refusal(), refusal(), refusal()]);
    expect(times.filter((ms) => ms > 900)).toHaveLength(1);
  });

  it('SVC-1: a deleted customer takes no tickets until it is restored', async () => {
    const facts = customerFacts('Berglunds snabbköp');
    await world.service.deliver(CustomerDeleted.of(facts.customerId, facts));
    const wrong = desk.input({ customerId: facts.customerId });
    expect(await desk.as('alice').post(TICKETS).send(wrong)).toMatchObject(problem('unknown-reference', 422));

    await world.service.deliver(CustomerRestored.of(facts.customerId, facts));
    await world.service.deliver(CustomerUpdated.of(facts.customerId, { ...facts, name: 'Berglunds' }));
    expect(await desk.create({ customerId: facts.customerId })).toMatchObject({ customerName: 'Berglunds' });
  });

  it('SVC-1: tickets of a customer that was deleted stay readable, under the names of now', async () => {
    const facts = customerFacts('Bon app');
    const contact = {
      contactId: v7(),
      customerId: facts.customerId,
      name: 'Laurence',
      position: null,
      isPrimary: true,
    };
    await world.service.deliver(
      ContactAdded.of(contact.contactId, contact),
      CustomerCreated.of(facts.customerId, facts),
    );
    const ticket = await desk.create({ customerId: facts.customerId, contactId: contact.contactId });
    const shown = async () => (await desk.as('bob').get(`${TICKETS}/${ticket.id}`).expect(200)).body;
    expect(await shown()).toMatchObject({ customerName: 'Bon app', contactName: 'Laurence' });

    await world.service.deliver(
      CustomerUpdated.of(facts.customerId, { ...facts, name: 'Bon appétit' }),
      ContactUpdated.of(contact.contactId, { ...contact, name: 'Laurence Lebihan' }),
    );
    expect(await shown()).toMatchObject({ customerName: 'Bon appétit', contactName: 'Laurence Lebihan' });

    await world.service.deliver(ContactRemoved.of(contact.contactId, { ...contact, name: 'Laurence Lebihan' }));
    expect(
      await desk
        .as('alice')
        .post(TICKETS)
        .send(desk.input({ customerId: facts.customerId, contactId: contact.contactId })),
    ).toMatchObject(problem('unknown-reference', 422, { errors: [{ path: 'contactId' }] }));
    await world.service.deliver(CustomerDeleted.of(facts.customerId, { ...facts, name: 'Bon appétit' }));
    expect(await shown()).toEqual({ ...ticket, customerName: 'Bon appétit', contactName: 'Laurence Lebihan' });
    // What was chosen before stays valid: the ticket can still be edited, and goes on to its end.
    await desk.as('alice').patch(`${TICKETS}/${ticket.id}`).send({ priority: 'high' }).expect(200);
    await desk.assign(ticket);
  });

  it('SVC-1: a customer and a contact that are still on their way are waited for', async () => {
    const facts = customerFacts('Chop-suey');
    const contact = { contactId: v7(), customerId: facts.customerId, name: 'Yang', position: null, isPrimary: true };
    const sent = desk
      .as('bob')
      .post(TICKETS)
      .send(desk.input({ customerId: facts.customerId, contactId: contact.contactId }));
    const [answer] = await Promise.all([
      sent,
      world.service.deliver(CustomerCreated.of(facts.customerId, facts), ContactAdded.of(contact.contactId, contact)),
    ]);
    expect(answer).toMatchObject({ status: 201, body: { customerName: 'Chop-suey', contactName: 'Yang' } });
  });

  it('SVC-5: one for the wrong customer can be put right, together with its contact', async () => {
    const other = customerFacts('Blauer See Delikatessen');
    await world.service.deliver(CustomerCreated.of(other.customerId, other));
    const hanna = { contactId: v7(), customerId: other.customerId, name: 'Hanna', position: null, isPrimary: true };
    await world.service.deliver(ContactAdded.of(hanna.contactId, hanna));
    const ticket = await desk.create({ contactId: world.contactId });
    const change = (changes: object) => desk.as('alice').patch(`${TICKETS}/${ticket.id}`).send(changes);
    for (const [changes, path] of [
      [{ customerId: v7() }, 'customerId'],
      [{ customerId: other.customerId }, 'contactId'],
      [{ contactId: hanna.contactId }, 'contactId'],
      [{ customerId: null }, 'customerId'],
    ] as const)
      expect((await change(changes)).body.errors).toMatchObject([{ path }]);
    const { customerId, contactId } = hanna;
    expect(await change({ customerId, contactId })).toMatchObject({
      status: 200,
      body: { customerId, customerName: 'Blauer See Delikatessen', contactId, contactName: 'Hanna', version: 2 },
    });
    expect((await desk.timeline(ticket))[0]).toMatchObject({
      act: 'edited',
      details: { customerId: { from: ticket.customerId, to: customerId }, contactId: { from: ticket.contactId } },
    });
  });
});

import { ContactAdded, ContactRemoved, ContactUpdated, ContactView } from '#contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startWorld, type World } from './customer.fixture.js';

let world: World;
let contacts: string;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());
beforeEach(async () => {
  const { body } = await as('alice').post('/api/v1/customers').send({ name: 'ACME' }).expect(201);
  contacts = `/api/v1/customers/${body.id}/contacts`;
});

const as = (person: 'manager' | 'alice' | 'bob') => world.service.as(world[person]);
const add = async (body: object) => (await as('alice').post(contacts).send(body).expect(201)).body as ContactView;
const list = async () => (await as('bob').get(contacts).expect(200)).body.items as ContactView[];

describe('contacts', () => {
  it('CUS-3: are added with what is known of them', async () => {
    const input = {
      name: '王小明',
      gender: 'male',
      position: 'CTO',
      mobile: '139',
      email: 'a@b.cn',
      birthday: '1980-02-29',
      tags: ['x'],
    };
    const contact = ContactView.strict().parse(await add(input));
    expect(contact).toMatchObject({ ...input, isPrimary: false, version: 1 });
    const event = await world.service.events.published(ContactAdded.type, ({ subject }) => subject === contact.id);
    expect(ContactAdded.data.parse(event.data)).toMatchObject({ customerId: contact.customerId, name: '王小明' });
    expect(await list()).toEqual([contact]);
  });

  it('CUS-3: at most one is the primary one', async () => {
    const first = await add({ name: 'First', isPrimary: true });
    const second = await add({ name: 'Second', isPrimary: true });
    expect((await list()).map(({ name, isPrimary }) => [name, isPrimary])).toEqual([
      ['First', false],
      ['Second', true],
    ]);
    await as('alice').patch(`${contacts}/${first.id}`).send({ isPrimary: true }).expect(200);
    expect((await list()).filter(({ isPrimary }) => isPrimary).map(({ id }) => id)).toEqual([first.id]);
    const unset = await world.service.events.published(ContactUpdated.type, ({ subject }) => subject === second.id);
    expect(unset.data).toMatchObject({ isPrimary: false });
  });

  it('CUS-3: stays at one primary when several are set at once', async () => {
    await Promise.all([1, 2, 3, 4].map((n) => add({ name: `P${n}`, isPrimary: true })));
    expect((await list()).map(({ isPrimary }) => isPrimary).sort()).toEqual([false, false, false, true]);
  });

  it('CUS-3: an edit that changes nothing makes no new version and tells nobody', async () => {
    const contact = await add({ name: 'Ann', isPrimary: true, tags: ['x'] });
    for (const changes of [{}, { name: 'Ann', isPrimary: true, tags: ['x'], email: null }])
      expect((await as('alice').patch(`${contacts}/${contact.id}`).send(changes).expect(200)).body).toEqual(contact);
    const told = await world.service.query('SELECT type FROM outbox WHERE aggregate_id = $1', [contact.id]);
    expect(told).toEqual([{ type: ContactAdded.type }]);
  });

  it('CUS-3: are read in pages, in the order in which they came', async () => {
    const names = ['P1', 'P2', 'P3', 'P4', 'P5'];
    const all: ContactView[] = [];
    for (const name of names) all.push(await add({ name, isPrimary: name === 'P3' }));
    const seen: ContactView[][] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const more: string = cursor && `&cursor=${cursor}`;
      const { body } = await as('bob').get(`${contacts}?limit=2&count=true${more}`).expect(200);
      expect(body.total).toBe(5);
      seen.push(body.items);
      cursor = body.nextCursor as string | null;
    }
    expect(seen.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(seen.flat()).toEqual(all);
    const found = async (query: string) =>
      ((await as('bob').get(`${contacts}?${query}`).expect(200)).body.items as ContactView[]).map(({ name }) => name);
    expect(await found('sort=-createdAt')).toEqual(names.toReversed());
    expect(await found('isPrimary=true')).toEqual(['P3']);
    expect(await found('isPrimary=false&limit=1')).toEqual(['P1']);
    for (const query of ['isPrimary=yes', 'name=P1', 'sort=name', 'limit=0', 'cursor=x'])
      await as('bob').get(`${contacts}?${query}`).expect(400);
    await as('bob').get(`/api/v1/customers/${v7()}/contacts?limit=0`).expect(404);
  });

  it('CUS-3: are edited and removed', async () => {
    const { id } = await add({ name: 'Ann', email: 'ann@example.com' });
    const { body } = await as('alice').patch(`${contacts}/${id}`).send({ position: 'CEO', email: null }).expect(200);
    expect(body).toMatchObject({ name: 'Ann', position: 'CEO', email: null, version: 2 });
    await as('alice').delete(`${contacts}/${id}`).expect(204);
    await world.service.events.published(ContactRemoved.type, ({ subject }) => subject === id);
    expect(await list()).toEqual([]);
    await as('alice').patch(`${contacts}/${id}`).send({ name: 'X' }).expect(404);
  });

  it('AUT-6: belong to the owner of their customer, or a manager', async () => {
    const { id } = await add({ name: 'Ann' });
    await as('bob').post(contacts).send({ name: 'X' }).expect(403);
    await as('bob').patch(`${contacts}/${id}`).send({ name: 'X' }).expect(403);
    await as('bob').delete(`${contacts}/${id}`).expect(403);
    await as('manager').patch(`${contacts}/${id}`).send({ name: 'Anne' }).expect(200);
  });

  it('CUS-3: are read one by one, with the version for the next edit', async () => {
    const contact = await add({ name: 'Ann' });
    const answer = await as('bob').get(`${contacts}/${contact.id}`).expect(200);
    expect([answer.body, answer.headers.etag]).toEqual([contact, '"1"']);
    for (const id of [v7(), 'x']) await as('bob').get(`${contacts}/${id}`).expect(404);
  });

  it('CUS-3: are not reached through another customer', async () => {
    const { id } = await add({ name: 'Ann' });
    const other = (await as('alice').post('/api/v1/customers').send({ name: 'Other' })).body;
    await as('alice').patch(`/api/v1/customers/${other.id}/contacts/${id}`).send({ name: 'X' }).expect(404);
    await as('alice').get(`/api/v1/customers/${other.id}/contacts/${id}`).expect(404);
    await as('alice').post(`/api/v1/customers/${v7()}/contacts`).send({ name: 'X' }).expect(404);
    await as('alice').get(`/api/v1/customers/${v7()}/contacts`).expect(404);
  });

  it.each([
    [{ name: 'Ann', mobile: 'call me' }, 'mobile'],
    [{ name: 'Ann', birthday: '2025-02-29' }, 'birthday'],
    [{ name: 'Ann', birthday: '2999-01-01' }, 'birthday'],
    [{ name: 'Ann', tags: [' '] }, 'tags.0'],
    [{ name: 'Ann', email: `${'a'.repeat(250)}@b.cn` }, 'email'],
    [{ name: 'Ann', officePhone: '1'.repeat(33) }, 'officePhone'],
    [{ name: 'Ann', email: 'ann' }, 'email'],
    [{ name: 'Ann', gender: 'x' }, 'gender'],
    [{ name: 'x'.repeat(101) }, 'name'],
  ])('ALL-1: refuses %j', async (body, path) => {
    const answer = await as('alice').post(contacts).send(body).expect(400);
    expect(answer.body.errors).toEqual(expect.arrayContaining([expect.objectContaining({ path })]));
  });

  it('ALL-2: If-Match names the version of the contact', async () => {
    const { id } = await add({ name: 'Ann' });
    await as('alice').patch(`${contacts}/${id}`).set('if-match', '"1"').send({ name: 'B' }).expect(200);
    await as('alice').patch(`${contacts}/${id}`).set('if-match', '"1"').send({ name: 'C' }).expect(412);
    await as('alice').delete(`${contacts}/${id}`).set('if-match', '"1"').expect(412);
    await as('alice').delete(`${contacts}/${id}`).set('if-match', '"2"').expect(204);
    // Where there is no contact yet, it names that of the customer.
    await as('alice').post(contacts).set('if-match', '"7"').send({ name: 'D' }).expect(412);
    await as('alice').post(contacts).set('if-match', '"1"').send({ name: 'D' }).expect(201);
  });
});

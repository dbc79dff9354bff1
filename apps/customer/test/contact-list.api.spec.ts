import { ContactOfCustomer } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ownKeys, startWorld, type Json, type World } from './customer.fixture.js';

let world: World;
const k = ownKeys();
const ids: Record<string, string> = {};
beforeAll(async () => {
  world = await startWorld();
  const customers = [
    ['alice', { name: k('上海贸易') }],
    ['bob', { name: k('Berlin Trading') }],
  ] as const;
  for (const [person, body] of customers)
    ids[person] = (await as(person).post('/api/v1/customers').send(body).expect(201)).body.id;
  const contacts = [
    [
      'alice',
      { name: '欧阳修', isPrimary: true, mobile: '139 0000-7777', tags: ['vip', '采购'], birthday: '1980-05-01' },
    ],
    ['alice', { name: 'Ann', email: 'ann.smith@example.com', officePhone: '+86 (10) 8888-1234', tags: ['vip'] }],
    ['bob', { name: 'Zoe', isPrimary: true, birthday: '1990-06-01' }],
  ] as const;
  for (const [person, body] of contacts)
    await as(person).post(`/api/v1/customers/${ids[person]}/contacts`).send(body).expect(201);
});
afterAll(() => world?.service.stop());

const as = (person: 'manager' | 'alice' | 'bob') => world.service.as(world[person]);
const read = async (query: object, person: 'manager' | 'alice' | 'bob' = 'bob') =>
  (await as(person).get('/api/v1/contacts').query(query).expect(200)).body as Json;
const names = async (query: object) => (await read(query)).items.map(({ name }: Json) => name);

describe('contacts of all customers', () => {
  it('CUS-9: are listed with their customers, newest first', async () => {
    const { items, total } = await read({ count: true });
    expect(total).toBe(3);
    for (const item of items) ContactOfCustomer.strict().parse(item);
    expect(items).toMatchObject([
      { name: 'Zoe', customerId: ids.bob, customerName: k('Berlin Trading'), ownerId: world.bob.id },
      { name: 'Ann', customerName: k('上海贸易'), customerCode: expect.stringMatching(/^CUS-/) },
      { name: '欧阳修' },
    ]);
    expect(await names({ sort: 'name' })).toEqual(['Ann', 'Zoe', '欧阳修']);
  });

  it.each<[object, string[]]>([
    [{ q: '阳修' }, ['欧阳修']],
    [{ q: '13900007777' }, ['欧阳修']],
    [{ q: '8888 1234' }, ['Ann']],
    [{ q: 'SMITH@example' }, ['Ann']],
    [{ q: '海贸' }, ['Ann', '欧阳修']],
    [{ q: 'berlin-trading' }, ['Zoe']],
    [{ q: '%' }, []],
    [{ isPrimary: 'true' }, ['Zoe', '欧阳修']],
    [{ tags: 'vip' }, ['Ann', '欧阳修']],
    [{ tags: '采购,x' }, ['欧阳修']],
    [{ tags: 'vi' }, []],
    [{ 'birthday[gte]': '1985-01-01' }, ['Zoe']],
    [{ 'birthday[lt]': '1985-01-01' }, ['欧阳修']],
    [{ 'createdAt[gte]': '2100-01-01' }, []],
  ])('CUS-9: %j finds %j', async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  it('CUS-9: are filtered by customer and owner', async () => {
    expect(await names({ customerId: ids.alice })).toEqual(['Ann', '欧阳修']);
    expect(await names({ ownerId: world.bob.id })).toEqual(['Zoe']);
    for (const query of [{ name: 'Ann' }, { sort: 'email' }, { isPrimary: 'yes' }, { ownerId: 'bob' }])
      await as('bob').get('/api/v1/contacts').query(query).expect(400);
  });

  it('CUS-9: are found by the new name of their customer, and no longer by the old one', async () => {
    await as('bob')
      .patch(`/api/v1/customers/${ids.bob}`)
      .send({ name: k('新名字') })
      .expect(200);
    expect([await names({ q: '新名' }), await names({ q: 'Berlin' })]).toEqual([['Zoe'], []]);
  });

  it('CUS-9, CUS-2: those of a deleted customer are hidden, and back with it', async () => {
    await as('manager').delete(`/api/v1/customers/${ids.bob}`).expect(204);
    expect(await names({})).toEqual(['Ann', '欧阳修']);
    await as('manager').post(`/api/v1/customers/${ids.bob}/restore`).expect(200);
    expect(await names({})).toEqual(['Zoe', 'Ann', '欧阳修']);
  });

  it('AUT-6: are for those who read customers, and a narrowed role sees those of its own', async () => {
    const narrowed = { ...world.bob, rights: { ...world.bob.rights, 'customer.read': 'own' as const } };
    const { body } = await world.service.as(narrowed).get('/api/v1/contacts').expect(200);
    expect(body.items.map(({ name }: Json) => name)).toEqual(['Zoe']);
    const executive = await world.service.person('executive', 'executive');
    await world.service.as(executive).get('/api/v1/contacts').expect(403);
  });
});

import { type Actor, type CustomerView, type DictionaryEntryView } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { CustomerQueries } from '../src/customer/customer.queries.js';
import { overlapping, startWorld, type World } from './customer.fixture.js';

let world: World;
let sysadmin: Actor;
beforeAll(async () => {
  world = await startWorld();
  sysadmin = await world.service.person('system_admin', 'sysadmin');
});
afterAll(() => world?.service.stop());

const REGIONS = '/api/v1/dictionary/region';
const admin = () => world.service.as(sysadmin);
const read = async (query: string): Promise<DictionaryEntryView[]> =>
  (await world.service.as(world.alice).get(`${REGIONS}?limit=200&${query}`).expect(200)).body.items;
const codes = (entries: DictionaryEntryView[]) => entries.map(({ code }) => code);
const add = (code: string, parent?: string) =>
  admin()
    .post(REGIONS)
    .send({ code, parent, label: { zh: '区', en: 'Region' } });
const move = (code: string, parent: string | null) => admin().patch(`${REGIONS}/${code}`).send({ parent });

describe('the tree of regions', () => {
  it('DIC-4: is read level by level: countries, provinces, cities', async () => {
    const countries = await read('level=1');
    expect(codes(countries)).toEqual(expect.arrayContaining(['china', 'germany']));
    expect(new Set(countries.map(({ parent }) => parent))).toEqual(new Set([null]));
    const provinces = await read('parent=china');
    expect(provinces).toEqual(await read('level=2'));
    expect(provinces[0]).toMatchObject({ code: 'beijing', level: 2, path: ['china', 'beijing'] });
    const cities = await read('parent=guangdong,beijing');
    expect(codes(cities)).toEqual(expect.arrayContaining(['guangzhou', 'shenzhen']));
    expect(cities[0]).toMatchObject({ parent: 'guangdong', level: 3, path: ['china', 'guangdong', cities[0]!.code] });
    expect((await admin().get(`${REGIONS}/guangzhou`)).body).toEqual(cities.find(({ code }) => code === 'guangzhou'));
    const { body } = await admin().get(`${REGIONS}?parent=guangdong&count=true&limit=1`).expect(200);
    expect(body).toMatchObject({ total: cities.length, items: [cities[0]] });
  });

  it('DIC-4: an entry is added below another, moved with all below it, and moved to the top', async () => {
    const added = await add('panyu', 'guangzhou').expect(201);
    expect(added.body).toMatchObject({ level: 4, path: ['china', 'guangdong', 'guangzhou', 'panyu'] });
    await add('south').expect(201);
    expect((await move('guangzhou', 'south').expect(200)).body).toMatchObject({ path: ['south', 'guangzhou'] });
    expect((await admin().get(`${REGIONS}/panyu`)).body).toMatchObject({ path: ['south', 'guangzhou', 'panyu'] });
    expect((await move('guangzhou', null).expect(200)).body).toMatchObject({ parent: null, path: ['guangzhou'] });
    await move('guangzhou', 'guangdong').expect(200);
  });

  it('DIC-4: no cycle is made, by one or by two at once', async () => {
    for (const code of ['a', 'b', 'c']) await add(code, { b: 'a', c: 'b' }[code]).expect(201);
    for (const [code, parent] of [
      ['a', 'a'],
      ['a', 'c'],
      ['b', 'c'],
    ] as const)
      expect(await move(code, parent)).toMatchObject({
        status: 422,
        body: { type: '/problems/invalid-parent', code, parent, errors: [{ path: 'parent' }] },
      });
    await move('c', null).expect(200);
    await move('b', null).expect(200);
    const both = await overlapping(
      world,
      () => move('b', 'c').then(({ status }) => status),
      () => move('c', 'b').then(({ status }) => status),
    );
    expect(both).toEqual([200, 422]);
  });

  it('DIC-4: the parent is an active region, and there are five levels at most', async () => {
    await add('retired').expect(201);
    await admin().patch(`${REGIONS}/retired`).send({ active: false }).expect(200);
    for (const parent of ['atlantis', 'manufacturing', 'retired'])
      for (const answer of [await add('x', parent), await move('germany', parent)])
        expect(answer).toMatchObject({
          status: 422,
          body: { type: '/problems/unknown-dictionary-code', dictionary: 'region', errors: [{ path: 'parent' }] },
        });
    for (const level of [1, 2, 3, 4, 5]) await add(`l${level}`, level > 1 ? `l${level - 1}` : undefined).expect(201);
    expect((await add('l6', 'l5').expect(422)).body.type).toBe('/problems/invalid-parent');
    expect((await move('l1', 'germany').expect(422)).body.detail).toContain('at most 5 levels');
  });

  it('DIC-2, DIC-4: what has others below it is retired, not removed', async () => {
    for (const code of ['up', 'down']) await add(code, code === 'down' ? 'up' : undefined).expect(201);
    expect((await admin().delete(`${REGIONS}/up`).expect(409)).body.type).toBe('/problems/in-use');
    await admin().delete(`${REGIONS}/down`).expect(204);
    const both = await overlapping(
      world,
      () => add('down', 'up').then(({ status }) => status),
      () =>
        admin()
          .delete(`${REGIONS}/up`)
          .then(({ status }) => status),
    );
    expect(both).toEqual([201, 409]);
    await admin().delete(`${REGIONS}/down`).expect(204);
    await admin().delete(`${REGIONS}/up`).expect(204);
  });
});

describe('customers by region', () => {
  const create = async (name: string, region: string): Promise<CustomerView> =>
    (await world.service.as(world.alice).post('/api/v1/customers').send({ name, region }).expect(201)).body;
  const names = async (query: string) => {
    const { body } = await world.service.as(world.bob).get(`/api/v1/customers?sort=name&${query}`).expect(200);
    return body.items.map(({ name }: CustomerView) => name);
  };

  it('DIC-4: a filter by region finds those in all that lies below it, retired regions too', async () => {
    const places = { N1: 'china', N2: 'guangdong', N3: 'guangzhou', N4: 'shenzhen', N5: 'sichuan', N6: 'germany' };
    for (const [name, region] of Object.entries(places)) await create(name, region);
    await admin().patch(`${REGIONS}/shenzhen`).send({ active: false }).expect(200);
    expect(await names('region=china')).toEqual(['N1', 'N2', 'N3', 'N4', 'N5']);
    expect(await names('region=guangdong')).toEqual(['N2', 'N3', 'N4']);
    expect(await names('region=shenzhen')).toEqual(['N4']);
    expect(await names('region=guangdong,germany')).toEqual(['N2', 'N3', 'N4', 'N6']);
    expect(await names('region=atlantis')).toEqual([]);
    expect(await names('region=china&limit=2')).toEqual(['N1', 'N2']);
    const counted = await world.service.as(world.bob).get('/api/v1/customers?region=china&count=true').expect(200);
    expect(counted.body.total).toBe(5);

    await move('guangdong', 'germany').expect(200);
    expect(await names('region=germany')).toEqual(['N2', 'N3', 'N4', 'N6']);
    expect(await names('region=china')).toEqual(['N1', 'N5']);
  });

  it('DIC-4: an index answers it, however few of the customers there are', async () => {
    await world.service.query(
      `INSERT INTO customer (id, code, version, status, name, folded_name, tags, created_at, region)
       SELECT gen_random_uuid(), 'R' || n, 1, 'active', 'R', 'r', '{}', timestamptz '2020-01-01' + n * interval '1 minute',
              CASE n % 5000 WHEN 0 THEN 'chengdu' ELSE 'usa' END
         FROM generate_series(1, 20000) AS n`,
    );
    await world.service.query('ANALYZE customer');
    const plans: string[] = [];
    const pool = {
      query: async ({ text, values }: { text: string; values: unknown[] }) => {
        if (!text.includes('FROM customer')) return { rows: await world.service.query(text, values) };
        const plan = await world.service.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
        plans.push(plan.map((line) => line['QUERY PLAN']).join('\n'));
        return { rows: [] };
      },
    };
    const explain = { manager: { dataSource: { driver: { master: pool } } } } as unknown as DataSource;
    const conditions = [{ field: 'region', operator: 'in' as const, values: ['sichuan'] }];
    await new CustomerQueries(explain).list(
      { conditions, sort: 'createdAt', descending: true, limit: 50, count: true, fingerprint: '' },
      world.bob,
    );
    expect(plans).toHaveLength(2);
    for (const plan of plans) {
      expect(plan).toContain('customer_region');
      expect(plan).toContain('{sichuan,chengdu,');
    }
  });
});

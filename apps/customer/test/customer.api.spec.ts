import {
  type Actor,
  CustomerCreated,
  CustomerDeleted,
  CustomerRestored,
  CustomerUpdated,
  CustomerView,
} from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { feedAs, orderOf, startWorld, type Json, type World } from './customer.fixture.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

const as = (person: 'manager' | 'alice' | 'bob') => world.service.as(world[person]);
const create = (body: object, person: 'manager' | 'alice' | 'bob' = 'alice') =>
  as(person).post('/api/v1/customers').send(body);
const created = async (body: object) => (await create(body).expect(201)).body as CustomerView;

describe('creating customers by hand', () => {
  it('CUS-1: gives a code, an owner and the status active, and tells of it', async () => {
    const answer = await create({
      name: '上海贸易',
      region: 'shanghai',
      level: 'key',
      satisfaction: 5,
      credit: 1,
      tags: ['vip'],
    }).expect(201);
    const customer = CustomerView.strict().parse(answer.body);
    expect(customer).toMatchObject({
      status: 'active',
      ownerId: world.alice.id,
      version: 1,
      lastOrderDate: null,
      tags: ['vip'],
    });
    expect(customer.code).toMatch(/^CUS-\d{6}$/);
    expect(answer.headers).toMatchObject({ etag: '"1"', location: `/api/v1/customers/${customer.id}` });
    const event = await world.service.events.published(CustomerCreated.type, ({ subject }) => subject === customer.id);
    expect(CustomerCreated.data.parse(event.data)).toMatchObject({
      customerId: customer.id,
      name: '上海贸易',
      sourceOpportunityId: null,
    });
  });

  it('CUS-1: keeps every field as it was typed, and empties each again', async () => {
    const fields = {
      name: '上海精密机械 🏭',
      externalRef: 'SAP-4711',
      region: 'shanghai',
      level: 'key',
      satisfaction: 4,
      credit: 5,
      industry: 'manufacturing',
      nature: 'joint_venture',
      type: 'limited',
      phone: '+86 (21) 5555-1234 ext. 9',
      fax: '021-55551235',
      address: '上海市浦东新区世纪大道1号',
      postcode: '200120',
      website: 'https://example.com/关于?x=1',
      businessLicence: '91310000MA1K',
      legalRepresentative: '李雷',
      registeredCapital: '500万元人民币',
      annualTurnover: '1亿',
      bank: '中国工商银行',
      bankAccount: '6222 0210 0111',
      localTaxNumber: '310115',
      nationalTaxNumber: '91310115',
      tags: ['vip', '华东 大客户'],
      remarks: ' First line\n\tsecond ',
    };
    const { id, ...shown } = await created(fields);
    expect(shown).toMatchObject({ ...fields, status: 'active', ownerId: world.alice.id, sourceOpportunityId: null });
    const { name: _name, tags: _tags, ...rest } = fields;
    const empty = { ...Object.fromEntries(Object.keys(rest).map((field) => [field, null])), tags: [] };
    expect((await as('alice').patch(`/api/v1/customers/${id}`).send(empty).expect(200)).body).toMatchObject(empty);
    await as('alice').patch(`/api/v1/customers/${id}`).send({ name: null }).expect(400);
    for (const field of ['code', 'status', 'ownerId', 'sourceOpportunityId', 'lastOrderDate', 'createdAt', 'version'])
      expect(
        (
          await as('alice')
            .patch(`/api/v1/customers/${id}`)
            .send({ [field]: 'x' })
            .expect(400)
        ).body,
      ).toMatchObject({
        errors: [{ path: field, code: 'unknown_field' }],
      });
  });

  it('CUS-1: is found by id and by code', async () => {
    const { id, code } = await created({ name: 'By code' });
    for (const path of [id, code, code.toLowerCase()])
      expect((await as('bob').get(`/api/v1/customers/${path}`).expect(200)).body).toMatchObject({ id, code });
    await as('bob').get(`/api/v1/customers/${v7()}`).expect(404);
    await as('bob').get('/api/v1/customers/CUS-999999').expect(404);
  });

  it('CUS-1: the owner must be one who may own customers', async () => {
    expect((await create({ name: 'A', ownerId: world.bob.id }, 'manager').expect(201)).body.ownerId).toBe(world.bob.id);
    for (const body of [{ name: 'A' }, { name: 'A', ownerId: world.manager.id }, { name: 'A', ownerId: v7() }]) {
      const { body: problem } = await create(body, 'manager').expect(422);
      expect(problem).toMatchObject({ type: '/problems/person-not-eligible', errors: [{ path: 'ownerId' }] });
    }
    const gone = await world.service.person('account_manager', 'gone', 'disabled');
    await create({ name: 'A', ownerId: gone.id }, 'manager').expect(422);
  });

  it('AUT-6: an account manager creates customers for themself only', async () => {
    const { body: problem } = await create({ name: 'A', ownerId: world.bob.id }, 'alice').expect(403);
    expect(problem.type).toBe('/problems/not-owner');
    await create({ name: 'A', ownerId: world.alice.id }, 'alice').expect(201);
  });

  it('AUT-6: nobody creates without the right', async () => {
    const executive = await world.service.person('executive', 'executive');
    await world.service.as(executive).post('/api/v1/customers').send({ name: 'A' }).expect(403);
    await world.service.as(executive).get('/api/v1/customers').expect(403);
  });

  it.each([
    ['region', 'atlantis'],
    ['level', 'shanghai'],
    ['industry', 'x'],
    ['nature', '../x'],
    ['type', '没有 这个'],
  ])('DIC-3: refuses a %s that is not in the dictionary', async (field, code) => {
    const { body: problem } = await create({ name: 'A', [field]: code }).expect(422);
    expect(problem).toMatchObject({ type: '/problems/unknown-dictionary-code', errors: [{ path: field }] });
  });

  it.each([
    [{ name: ' ' }, 'name'],
    [{ name: '\u200b\u2060' }, 'name'],
    [{ name: 'A', website: 'javascript:alert(1)' }, 'website'],
    [{ name: 'A', website: 'ftp://example.com' }, 'website'],
    [{ name: 'A', satisfaction: 6 }, 'satisfaction'],
    [{ name: 'A', credit: 0 }, 'credit'],
    [{ name: 'A', satisfaction: '3' }, 'satisfaction'],
    [{ name: 'A', phone: 'call me' }, 'phone'],
    [{ name: 'x'.repeat(101) }, 'name'],
    [{ name: 'A', remarks: 'x'.repeat(2001) }, 'remarks'],
    [{ name: 'A', address: 'x'.repeat(301) }, 'address'],
    [{ name: 'A', tags: ['x'.repeat(51)] }, 'tags.0'],
    [{ name: 'A', status: 'lost' }, 'status'],
    [{}, 'name'],
  ])('ALL-1: refuses %j and names the field', async (body, path) => {
    const { body: problem } = await create(body).expect(400);
    expect(problem.errors).toEqual(expect.arrayContaining([expect.objectContaining({ path })]));
  });

  it('CUS-1: an external reference names one living customer', async () => {
    const { id } = await created({ name: 'Ref', externalRef: 'REF-1' });
    const { body: problem } = await create({ name: 'Other', externalRef: 'REF-1' }).expect(409);
    expect(problem).toMatchObject({ type: '/problems/already-exists', detail: expect.stringContaining('externalRef') });
    const other = await created({ name: 'Other', externalRef: 'REF-2' });
    await as('alice').patch(`/api/v1/customers/${other.id}`).send({ externalRef: 'REF-1' }).expect(409);

    await as('manager').delete(`/api/v1/customers/${id}`).expect(204);
    await as('alice').patch(`/api/v1/customers/${other.id}`).send({ externalRef: 'REF-1' }).expect(200);
    await as('manager').post(`/api/v1/customers/${id}/restore`).expect(409);
  });

  it('CUS-1: of two who give the same external reference at once, one is refused', async () => {
    const answers = await Promise.all([1, 2, 3].map((n) => create({ name: `Race ${n}`, externalRef: 'RACE' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });

  it('CUS-6: the same name may be given twice by hand', async () => {
    await created({ name: 'Twin' });
    await created({ name: 'Twin' });
  });

  it('ALL-3: the same Idempotency-Key makes one customer', async () => {
    const send = () => create({ name: 'Once' }).set('idempotency-key', 'customer-once').expect(201);
    expect((await send()).body).toEqual((await send()).body);
  });
});

describe('editing customers', () => {
  it('CUS-1: changes what was sent and tells of it', async () => {
    const { id } = await created({ name: 'Before', phone: '1', remarks: 'kept' });
    const answer = await as('alice').patch(`/api/v1/customers/${id}`).send({ name: 'After', phone: null }).expect(200);
    expect(answer.body).toMatchObject({ name: 'After', phone: null, remarks: 'kept', version: 2 });
    expect(answer.headers.etag).toBe('"2"');
    await world.service.events.published(CustomerUpdated.type, ({ subject }) => subject === id);
    expect((await as('bob').get(`/api/v1/customers/${id}`)).body).toEqual(answer.body);
  });

  it('CUS-1: an edit that changes nothing makes no new version and tells nobody', async () => {
    const { id } = await created({ name: 'Same', tags: ['vip'], website: 'https://example.com/a' });
    const { body: shown } = await as('alice').get(`/api/v1/customers/${id}`).expect(200);
    for (const changes of [{}, { name: 'Same', tags: ['vip'], phone: null }]) {
      const answer = await as('alice').patch(`/api/v1/customers/${id}`).send(changes).expect(200);
      expect(answer.body).toEqual(shown);
      expect(answer.headers.etag).toBe('"1"');
    }
    const told = await world.service.query('SELECT type FROM outbox WHERE aggregate_id = $1', [id]);
    expect(told).toEqual([{ type: CustomerCreated.type }]);
    await as('bob').patch(`/api/v1/customers/${id}`).send({ name: 'Same' }).expect(403);
    await as('alice').patch(`/api/v1/customers/${id}`).set('if-match', '"2"').send({ name: 'Same' }).expect(412);
  });

  it('AUT-6: others’ customers are the manager’s to edit', async () => {
    const { id } = await created({ name: 'Alice’s' });
    expect((await as('bob').patch(`/api/v1/customers/${id}`).send({ name: 'X' }).expect(403)).body.type).toBe(
      '/problems/not-owner',
    );
    await as('manager').patch(`/api/v1/customers/${id}`).send({ name: 'X' }).expect(200);
    await as('alice').delete(`/api/v1/customers/${id}`).expect(403);
  });

  it('ALL-2: a stale version is refused', async () => {
    const { id } = await created({ name: 'Versioned' });
    await as('alice').patch(`/api/v1/customers/${id}`).set('if-match', '"1"').send({ name: 'B' }).expect(200);
    await as('alice').patch(`/api/v1/customers/${id}`).set('if-match', '"1"').send({ name: 'C' }).expect(412);
    expect((await as('alice').get(`/api/v1/customers/${id}`)).body.name).toBe('B');
  });

  it('CUS-2: a deleted customer is gone from sight and comes back with everything that hangs on it', async () => {
    const { id, code } = await created({ name: 'Phoenix', externalRef: 'PHOENIX' });
    const paths = [id, code, ...['contacts', 'activities', 'orders', 'timeline'].map((list) => `${id}/${list}`)];
    const shown = async () =>
      (await Promise.all(paths.map((path) => as('alice').get(`/api/v1/customers/${path}`).expect(200)))).map(
        ({ body }) => (body.items ?? body) as Json,
      );
    await as('alice').post(`/api/v1/customers/${id}/contacts`).send({ name: 'Ann' }).expect(201);
    const visit = { date: '2026-03-05', kind: 'visit', summary: 'Shown around' };
    await as('alice').post(`/api/v1/customers/${id}/activities`).send(visit).expect(201);
    await feedAs(world, 'orders', [orderOf((name) => `${name}-PHOENIX`, { customerRef: 'PHOENIX' })]);
    const before = await shown();
    await as('manager').delete(`/api/v1/customers/${id}`).expect(204);
    await world.service.events.published(CustomerDeleted.type, ({ subject }) => subject === id);
    for (const path of paths) await as('alice').get(`/api/v1/customers/${path}`).expect(404);
    await as('alice').patch(`/api/v1/customers/${id}`).send({ name: 'X' }).expect(404);
    await as('alice').post(`/api/v1/customers/${id}/contacts`).send({ name: 'X' }).expect(404);
    expect((await as('alice').get('/api/v1/customers?q=Phoenix')).body.items).toEqual([]);
    const deleted = async (who: Parameters<typeof as>[0]) =>
      (await as(who).get('/api/v1/customers/deleted?q=phoenix&limit=1').expect(200)).body.items as Json[];
    expect(await deleted('manager')).toEqual([
      expect.objectContaining({ id, code, name: 'Phoenix', deletedAt: expect.stringMatching(/Z$/) }),
    ]);
    await as('alice').get('/api/v1/customers/deleted').expect(403);
    const narrowed = { ...world.manager.rights, 'customer.read': 'own' as const };
    const seenBy = async (actor: Actor) =>
      (
        await world.service
          .as({ ...actor, rights: narrowed })
          .get('/api/v1/customers/deleted?q=phoenix')
          .expect(200)
      ).body.items as Json[];
    expect(await seenBy(world.manager)).toEqual([]);
    expect(await seenBy(world.alice)).toHaveLength(1);

    await as('manager').post(`/api/v1/customers/${id}/restore`).set('if-match', '"1"').expect(412);
    expect((await as('manager').post(`/api/v1/customers/${code}/restore`).expect(200)).body).toMatchObject({
      id,
      name: 'Phoenix',
    });
    await world.service.events.published(CustomerRestored.type, ({ subject }) => subject === id);
    const after = await shown();
    const { version } = after[0]!;
    expect(version).toBeGreaterThan(before[0]!.version);
    const restored = [{ ...before[0], version }, { ...before[1], version }, ...before.slice(2, 5)];
    expect(after.slice(0, 5)).toEqual(restored);
    expect(after[5]!.slice(2)).toEqual(before[5]);
    expect(after[5]!.slice(0, 2).map(({ act }: Json) => act)).toEqual(['restored', 'deleted']);
    await as('manager').post(`/api/v1/customers/${id}/restore`).expect(404);
    expect(await deleted('manager')).toEqual([]);
  });
});

describe('listing customers', () => {
  it('CUS-5: q finds by any part of name, code, phone, contact name and phone, with spaces, hyphens, case and width ignored', async () => {
    const { id, code } = await created({ name: 'Ｑｕｅｒｙ 测试公司', phone: '010-8888 1234' });
    const contact = { name: '欧阳修', officePhone: '0755-1234567', mobile: '139 0000 7777' };
    const { body } = await as('alice').post(`/api/v1/customers/${id}/contacts`).send(contact).expect(201);
    const find = async (q: string) => {
      const list = await as('bob').get('/api/v1/customers').query({ q }).expect(200);
      return list.body.items.map((item: CustomerView) => item.id);
    };
    for (const q of [
      'query',
      'QUERY测试',
      '试公',
      '测试 公司',
      code.slice(4),
      '88881234',
      '欧阳',
      '阳',
      '1234567',
      '139-0000-7777',
    ])
      expect([q, await find(q)]).toEqual([q, expect.arrayContaining([id])]);
    for (const q of ['欧阳锋', 'query欧阳', '%', 'quer_'])
      expect([q, await find(q)]).toEqual([q, expect.not.arrayContaining([id])]);

    await as('alice').patch(`/api/v1/customers/${id}/contacts/${body.id}`).send({ name: '司马光' }).expect(200);
    expect(await find('欧阳')).toEqual([]);
    await as('alice').patch(`/api/v1/customers/${id}`).send({ name: '改名' }).expect(200);
    expect([await find('改名'), await find('司马'), await find('测试公司')]).toEqual([[id], [id], []]);
    await as('alice').delete(`/api/v1/customers/${id}/contacts/${body.id}`).expect(204);
    expect(await find('司马')).toEqual([]);
  });

  it('CUS-5: finds by tags, and by the day of the last order or that there was none', async () => {
    const region = 'macao';
    const of = async (name: string, tags: string[], date?: string) => {
      const { id } = await created({ name, region, tags, externalRef: `LAST-${name}` });
      const order = { customerRef: `LAST-${name}`, date };
      if (date) await feedAs(world, 'orders', [orderOf((key) => `${key}-${id}`, order)]);
    };
    await of('None', ['vip']);
    await of('Old', ['vip', '展会,2019'], '2019-05-01');
    await of('New', ['其他'], '2026-05-01');
    const find = async (query: object) => {
      const { body } = await as('bob')
        .get('/api/v1/customers')
        .query({ region, ...query })
        .expect(200);
      return (body.items as CustomerView[]).map(({ name }) => name);
    };
    expect(await find({ tags: 'vip' })).toEqual(['Old', 'None']);
    expect(await find({ tags: 'x,其他,vip' })).toEqual(['New', 'Old', 'None']);
    expect(await find({ tags: 'vi' })).toEqual([]);
    expect(await find({ neverOrdered: 'true' })).toEqual(['None']);
    expect(await find({ neverOrdered: 'false' })).toEqual(['New', 'Old']);
    expect(await find({ 'lastOrderDate[lt]': '2020-01-01' })).toEqual(['Old']);
    expect(await find({ 'lastOrderDate[gte]': '2019-05-01', 'lastOrderDate[lte]': '2026-04-30' })).toEqual(['Old']);
    expect(await find({ lastOrderDate: '2026-05-01' })).toEqual(['New']);
    expect(await find({ sort: 'lastOrderDate' })).toEqual(['None', 'Old', 'New']);
    expect(await find({ sort: '-lastOrderDate' })).toEqual(['New', 'Old', 'None']);
  });

  it.each(['createdAt', 'name', 'code', 'level', 'lastOrderDate'])(
    'CUS-5: pages by %s through a filter, both ways, with no row twice or left out',
    async (sort) => {
      const region = 'hong_kong';
      const { body: first } = await as('bob').get(`/api/v1/customers?region=${region}&limit=1`).expect(200);
      if (first.items.length === 0)
        for (const level of ['key', 'partner', null, 'key', null, 'standard', 'key'])
          await created({ name: `${sort} ${level}`, region, level });
      for (const direction of ['', '-'])
        for (const filter of [
          `region=${region}`,
          `region=${region},macao&credit=1,2,3&level=key`,
          `ownerId=${world.alice.id}`,
        ]) {
          const whole = await as('bob')
            .get(`/api/v1/customers?${filter}&sort=${direction}${sort}&limit=200`)
            .expect(200);
          const seen: CustomerView[] = [];
          let cursor: string | null = null;
          do {
            const more: string = cursor ? `&cursor=${cursor}` : '';
            const { body } = await as('bob').get(`/api/v1/customers?${filter}&sort=${direction}${sort}&limit=3${more}`);
            seen.push(...(body.items as CustomerView[]));
            cursor = body.nextCursor as string | null;
          } while (cursor && seen.length < 200);
          expect(seen).toEqual(whole.body.items);
        }
    },
  );

  it('pages by keyset through filters and sorts', async () => {
    const names = ['P1', 'P2', 'P3', 'P4', 'P5'];
    for (const name of names) await created({ name, region: 'tibet', level: name === 'P3' ? 'key' : 'standard' });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string | number> = {
        region: 'tibet',
        sort: 'name',
        limit: 2,
        ...(cursor ? { cursor } : {}),
      };
      const { body }: { body: { items: CustomerView[]; nextCursor: string | null } } = await as('bob')
        .get('/api/v1/customers')
        .query(query)
        .expect(200);
      seen.push(...body.items.map(({ name }) => name));
      cursor = body.nextCursor;
    } while (cursor);
    expect(seen).toEqual(names);
    const keys = await as('bob').get('/api/v1/customers?region=tibet,qinghai&level=key&count=true').expect(200);
    expect(keys.body).toMatchObject({ total: 1, items: [{ name: 'P3' }] });
    const content = await created({ name: 'Content', region: 'qinghai', satisfaction: 4, credit: 2 });
    const rated = await as('bob').get('/api/v1/customers?region=qinghai&satisfaction[gte]=4&credit=1,2').expect(200);
    expect(rated.body.items).toEqual([content]);
    for (const field of ['satisfaction[gte]', 'credit']) {
      const fraction = await as('bob').get(`/api/v1/customers?${field}=3.5`).expect(400);
      expect(fraction.body).toMatchObject({ type: '/problems/validation-failed', errors: [{ path: field }] });
    }
    await as('bob').get('/api/v1/customers?colour=red').expect(400);
    await as('bob').get('/api/v1/customers?sort=phone').expect(400);
  });
});

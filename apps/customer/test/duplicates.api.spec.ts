import type { Actor, CustomerView, WarnedCustomerView } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { overlapping, ownKeys, startWorld, type Json, type World } from './customer.fixture.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

const CUSTOMERS = '/api/v1/customers';
const k = ownKeys();
const create = (body: object, actor: Actor = world.alice) => world.service.as(actor).post(CUSTOMERS).send(body);
const created = async (body: object, actor?: Actor): Promise<WarnedCustomerView> =>
  (await create(body, actor).expect(201)).body;
const brief = ({ id, code, name }: CustomerView) => ({ id, code, name });

describe('a new customer that looks like another', () => {
  it('CUS-6: is created, with the candidates: of its name, whatever the spelling and legal form, of another owner too', async () => {
    const first = await created({ name: '东海机械(集团)有限公司' }, world.bob);
    expect(first).not.toHaveProperty('duplicates');
    const second = await created({ name: '东海 机械股份有限公司' });
    expect(second.duplicates).toEqual([brief(first)]);
    const third = await created({ name: '东海机械' });
    expect(third.duplicates).toEqual([brief(first), brief(second)]);
    expect(await created({ name: '东海电子' })).not.toHaveProperty('duplicates');
  });

  it('CUS-6: of its phone, also that of a contact', async () => {
    const first = await created({ name: k('Phones'), phone: '+86 21-7777 0001' });
    const path = `${CUSTOMERS}/${first.id}/contacts`;
    const contact = { name: 'Li', officePhone: '021 7777 0002', mobile: '(139) 7777.0003' };
    const { body: li } = await world.service.as(world.alice).post(path).send(contact).expect(201);
    for (const phone of ['008621 77770001', '02177770002', '139-7777-0003'])
      expect((await created({ name: k(`Caller ${phone}`), phone })).duplicates).toContainEqual(brief(first));
    // What nobody has any more matches nobody.
    await world.service.as(world.alice).patch(`${path}/${li.id}`).send({ mobile: '139 7777 0004' }).expect(200);
    const late = await created({ name: k('Late'), phone: '13977770003' });
    expect(late.duplicates).not.toContainEqual(brief(first));
    await world.service.as(world.alice).delete(`${path}/${li.id}`).expect(204);
    expect((await created({ name: k('Later'), phone: '13977770004' })).duplicates).toBeUndefined();
  });

  it('CUS-6: an edit of name or phone warns likewise, any other does not', async () => {
    const first = await created({ name: k('Edited'), phone: '5550-0001' });
    const other = await created({ name: k('Something else') });
    const edit = async (changes: object) =>
      (await world.service.as(world.alice).patch(`${CUSTOMERS}/${other.id}`).send(changes).expect(200)).body;
    expect((await edit({ phone: '55500001' })).duplicates).toEqual([brief(first)]);
    expect(await edit({ remarks: 'Call them' })).not.toHaveProperty('duplicates');
    expect((await edit({ name: `${first.name} GmbH` })).duplicates).toEqual([brief(first)]);
  });

  it('CUS-6: deleted customers are no candidates until they are restored', async () => {
    const gone = await created({ name: k('Gone') });
    await world.service.as(world.manager).delete(`${CUSTOMERS}/${gone.id}`).expect(204);
    const heir = await created({ name: k('Gone') });
    expect(heir).not.toHaveProperty('duplicates');
    await world.service.as(world.manager).post(`${CUSTOMERS}/${gone.id}/restore`).expect(200);
    expect((await created({ name: k('Gone') })).duplicates).toHaveLength(2);
  });

  it('CUS-6, AUT-6: says the code and no name of a customer that the person may not see', async () => {
    const hidden = await created({ name: k('Secret') }, world.bob);
    const own = await created({ name: k('Secret') });
    const narrow: Actor = { ...world.alice, rights: { ...world.alice.rights, 'customer.read': 'own' } };
    const { duplicates } = await created({ name: k('Secret') }, narrow);
    expect(duplicates).toEqual([{ id: hidden.id, code: hidden.code }, brief(own)]);
  });

  it('CUS-6: a phone that everybody gives names ten of them', async () => {
    for (let n = 0; n < 12; n += 1) await created({ name: k(`Shared ${n}`), phone: '400 800 9000' });
    expect((await created({ name: k('Shared'), phone: '4008009000' })).duplicates).toHaveLength(10);
  });

  it('CUS-6: of two who come at the same moment, the second is warned of the first', async () => {
    for (const bodies of [
      [{ name: k('Race') }, { name: `${k('Race')} Ltd` }],
      [
        { name: k('Race A'), phone: '7770 8881' },
        { name: k('Race B'), phone: '77708881' },
      ],
    ]) {
      const answers = (await overlapping(world, ...bodies.map((body) => () => create(body).expect(201)))) as Json[];
      expect(answers.map(({ body }) => body.duplicates?.length ?? 0)).toEqual([0, 1]);
    }
  });
});

describe('the list of likely duplicates', () => {
  const groups = async (query: object = {}, actor: Actor = world.manager): Promise<Json> =>
    (await world.service.as(actor).get(`${CUSTOMERS}/duplicates`).query(query).expect(200)).body;
  const groupOf = async (key: string) => (await groups({ limit: 200 })).items.find((group: Json) => group.key === key);

  it('CUS-6: groups those that share a name or a phone, says why and who they are', async () => {
    const mark = k('Group').replaceAll('-', '').toLowerCase();
    const first = await created({ name: `${mark} Ltd`, phone: '6660 0001' });
    const second = await created({ name: `${mark} Inc` }, world.bob);
    const third = await created({ name: k('Third'), phone: '66600001' });
    const summary = ({ id, code, name, ownerId, status, lastOrderDate }: CustomerView) => ({
      id,
      code,
      name,
      ownerId,
      status,
      lastOrderDate,
    });
    expect(await groupOf(`n:${mark}`)).toEqual({
      key: `n:${mark}`,
      reason: 'name',
      count: 2,
      customers: [first, second].map(summary),
    });
    expect(await groupOf('p:66600001')).toEqual({
      key: 'p:66600001',
      reason: 'phone',
      count: 2,
      customers: [first, third].map(summary),
    });
    // One that is alone again is no group any more, whoever of them came first.
    await world.service
      .as(world.alice)
      .patch(`${CUSTOMERS}/${first.id}`)
      .send({ name: k('Renamed') })
      .expect(200);
    await world.service.as(world.manager).delete(`${CUSTOMERS}/${third.id}`).expect(204);
    expect(await groupOf(`n:${mark}`)).toBeUndefined();
    expect(await groupOf('p:66600001')).toBeUndefined();
    await created({ name: mark });
    expect(await groupOf(`n:${mark}`)).toMatchObject({ count: 2 });
  });

  it('CUS-6: pages through all of them once, at any size', async () => {
    const all = await groups({ limit: 200, count: true });
    expect(all.items.length).toBeGreaterThan(5);
    expect(all.total).toBe(all.items.length);
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await groups({ limit: 2, ...(cursor && { cursor }) });
      seen.push(...page.items.map(({ key }: Json) => key));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(all.items.map(({ key }: Json) => key));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('CUS-6: reads only keys that are shared, however many there are', async () => {
    await world.service.query(
      `INSERT INTO customer_key (key, customer_id, again) SELECT 'n:filler' || n, gen_random_uuid(), false FROM generate_series(1, 20000) n`,
    );
    await world.service.query('ANALYZE customer_key');
    const plan = await world.service.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT key FROM (SELECT DISTINCT key FROM customer_key WHERE again) t WHERE (key, key) > ('n:', 'n:') ORDER BY key LIMIT 51`,
    );
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('customer_key_again');
    await world.service.query(`DELETE FROM customer_key WHERE key LIKE 'n:filler%'`);
  });

  it('AUT-6: is for those who may merge', async () => {
    await world.service.as(world.alice).get(`${CUSTOMERS}/duplicates`).expect(403);
  });
});

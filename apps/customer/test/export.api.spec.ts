import { CUSTOMER_COLUMNS, type Actor } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import excel from 'exceljs';
import type { Response } from 'supertest';
import { ownKeys, startWorld, type Json, type World } from './customer.fixture.js';
import { CSV, Imports, XLSX } from './import.fixture.js';

let world: World;
const k = ownKeys();
const mine = k('Mine');
let id: string;
beforeAll(async () => {
  world = await startWorld();
  const body = {
    name: '=HYPERLINK("http://x")',
    externalRef: mine,
    region: 'shanghai',
    level: 'key',
    satisfaction: 4,
    phone: '+86 10-8888 1234',
    address: '@home, "1st" floor',
    tags: ['vip', '大客户'],
    remarks: '-1+2\nsecond line',
  };
  id = (await as('alice').post('/api/v1/customers').send(body).expect(201)).body.id;
  await as('bob')
    .post('/api/v1/customers')
    .send({ name: k('Bob’s'), region: 'shanghai' })
    .expect(201);
  const contact = {
    name: '\t王芳',
    isPrimary: true,
    gender: 'female',
    mobile: '139',
    birthday: '1980-05-01',
    email: 'w@b.cn',
  };
  await as('alice').post(`/api/v1/customers/${id}/contacts`).send({ name: 'Other' }).expect(201);
  const contactId = (await as('alice').post(`/api/v1/customers/${id}/contacts`).send(contact).expect(201)).body.id;
  const visit = { date: '2026-03-05', kind: 'visit', summary: '+Showed', contactId, nextFollowUpDate: '2026-04-01' };
  await as('alice').post(`/api/v1/customers/${id}/activities`).send(visit).expect(201);
});
afterAll(() => world?.service.stop());

const as = (person: 'manager' | 'alice' | 'bob') => world.service.as(world[person]);
const file = (path: string, query: object = {}, actor: Actor = world.manager, language = 'en') =>
  world.service
    .as(actor)
    .get(`/api/v1/${path}/export`)
    .query(query)
    .set('accept-language', language)
    .buffer(true)
    .parse(bytes);
/** The rows of a CSV file by its headings. */
const table = async (...request: Parameters<typeof file>): Promise<Json[]> => {
  const answer = await file(...request);
  expect(answer.status).toBe(200);
  return parse(answer.body as Buffer, { bom: true, columns: true }) as Json[];
};

describe('the export of customers', () => {
  it('CUS-8: is a CSV file with headings and labels in the language of the person, and no cell that a spreadsheet would run', async () => {
    const answer = await file('customers', { q: mine.slice(0, 4), sort: 'name', ownerId: world.alice.id });
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="customers.csv"',
    });
    // A break within a cell stands in quotes, or most readers end the row there.
    expect((await file('customers', { externalRef: mine })).body.toString()).toContain(`,"'-1+2\nsecond line",`);
    const [row] = await table('customers', { externalRef: mine });
    expect(row).toMatchObject({
      Number: expect.stringMatching(/^CUS-\d+$/),
      Name: `'=HYPERLINK("http://x")`,
      Status: 'active',
      Owner: 'alice',
      'External reference': mine,
      Region: 'Shanghai',
      Level: 'Key customer',
      Satisfaction: '4',
      Phone: `'+86 10-8888 1234`,
      Address: `'@home, "1st" floor`,
      Contact: `'\t王芳`,
      'Mobile of the contact': '139',
      Tags: 'vip;大客户',
      Remarks: `'-1+2\nsecond line`,
      'Last order': '',
      Created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    const [chinese] = await table('customers', { externalRef: mine }, world.manager, 'zh-CN');
    expect(chinese).toMatchObject({
      客户编号: row!.Number,
      状态: '正常',
      客户经理: 'alice',
      地区: '上海',
      客户等级: '大客户',
    });
  });

  it('CUS-8: with codes=true it has the columns and codes that an import takes', async () => {
    const [row] = await table('customers', { externalRef: mine, codes: 'true' }, world.manager, 'zh-CN');
    expect(Object.keys(row!)).toEqual(CUSTOMER_COLUMNS.map(({ name }) => name));
    expect(row).toMatchObject({ region: 'shanghai', level: 'key', owner: 'alice', credit: '', contactMobile: '139' });
  });

  it.each(['csv', 'xlsx'])('CUS-8: a %s with codes=true is imported again as it is', async (format) => {
    const ref = k(format);
    const body = {
      name: `=${ref}`,
      externalRef: ref,
      region: 'beijing',
      level: 'partner',
      industry: 'retail',
      nature: 'private',
      phone: '+86 1',
      bank: '-',
      credit: 3,
      tags: ['a', '乙'],
      remarks: '第一行\n第二行',
    };
    const { id: of } = (await as('alice').post('/api/v1/customers').send(body).expect(201)).body as Json;
    const contact = { name: '=李雷', position: 'CTO', isPrimary: true, gender: 'male', birthday: '1990-01-31' };
    const contacts = `/api/v1/customers/${of}/contacts`;
    const { id: contactId } = (await as('alice').post(contacts).send(contact).expect(201)).body as Json;
    const exported = async (list: string, query: object) =>
      (await file(list, { format, codes: true, ...query }, world.manager, 'zh-CN')).body as Buffer;
    const importInto = async (list: '/customers/imports' | '/contacts/imports', bytes: Buffer) =>
      expect(await new Imports(world, list).run(bytes, world.manager, format === 'csv' ? CSV : XLSX)).toMatchObject({
        status: 'succeeded',
        processed: 1,
        failed: 0,
      });

    const contactsBefore = await table('contacts', { customerId: of, codes: 'true' });
    const contactFile = await exported('contacts', { customerId: of });
    await as('alice').delete(`${contacts}/${contactId}`).expect(204);
    await importInto('/contacts/imports', contactFile);
    expect(await table('contacts', { customerId: of, codes: 'true' })).toEqual(contactsBefore);

    const before = await table('customers', { externalRef: ref, codes: 'true' });
    const customerFile = await exported('customers', { externalRef: ref });
    await as('alice').patch(`/api/v1/customers/${of}`).send({ externalRef: null }).expect(200);
    await importInto('/customers/imports', customerFile);
    expect(await table('customers', { externalRef: ref, codes: 'true' })).toEqual(before);
  });

  it('CUS-8: the list of what an import refused quotes breaks, too, so that it can be mended and sent again', async () => {
    const imports = new Imports(world);
    const job = await imports.run(`name,owner,region,remarks\r\n${k('Broken')},alice,atlantis,"a\nb"\r\n`);
    const { text } = await as('manager').get(job.errorsUrl!).expect(200);
    expect(text).toContain('"a\nb"');
    expect(await imports.run(text.replaceAll('atlantis', 'beijing'))).toMatchObject({ processed: 1, failed: 0 });
  });

  it('CUS-8: is an XLSX file of text cells', async () => {
    const answer = await file('customers', { format: 'xlsx', externalRef: mine }, world.manager, 'zh');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="customers.xlsx"');
    const book = new excel.Workbook();
    await book.xlsx.load(answer.body);
    const rows: unknown[][] = [];
    book.worksheets[0]!.eachRow((row) => rows.push((row.values as unknown[]).slice(1)));
    expect(rows[0]!.slice(0, 2)).toEqual(['客户编号', '客户名称']);
    expect(rows[1]!.slice(1, 4)).toEqual(['=HYPERLINK("http://x")', '正常', 'alice']);
    expect(book.worksheets[0]!.getCell('B2').type).toBe(excel.ValueType.String);
    expect(rows).toHaveLength(2);
  });

  it('CUS-8: characters that XML does not know leave the XLSX file readable', async () => {
    const name = `${k('a')}\ufffe\uffff <&">🏭`;
    await as('alice').post('/api/v1/customers').send({ name }).expect(201);
    const book = new excel.Workbook();
    await book.xlsx.load((await file('customers', { format: 'xlsx', q: k('a') })).body);
    expect(book.worksheets[0]!.getCell('B2').value).toBe(name.replace(/[\ufffe\uffff]/g, '\ufffd'));
  });

  it('CUS-8: has the rows of the filtered list in its order; an account manager exports their own', async () => {
    const names = async (query: object, actor?: Actor) =>
      (await table('customers', query, actor)).map(({ Name }) => Name);
    const all = [k('Bob’s'), `'=HYPERLINK("http://x")`];
    expect(await names({ region: 'shanghai' })).toEqual(all);
    expect(await names({ region: 'shanghai', sort: 'createdAt' })).toEqual(all.toReversed());
    expect(await names({ region: 'shanghai', q: 'Bob' })).toEqual([k('Bob’s')]);
    expect(await names({ region: 'shanghai' }, world.bob)).toEqual([k('Bob’s')]);
    expect(await names({ region: 'tibet' })).toEqual([]);
    // The right to export does not reach beyond the right to read.
    const narrow = {
      ...world.bob,
      rights: { ...world.bob.rights, 'customer.export': 'all', 'customer.read': 'own' },
    } as const;
    expect(await names({ region: 'shanghai' }, narrow)).toEqual([k('Bob’s')]);
    const blind = { ...world.bob, rights: { 'customer.export': 'all' } } as const;
    expect(await names({ region: 'shanghai' }, blind)).toEqual([]);
    const executive = await world.service.person('executive', 'executive');
    expect((await file('customers', {}, executive)).status).toBe(403);
  });

  it.each([{ format: 'pdf' }, { codes: 'x' }, { limit: 5 }, { cursor: 'x' }, { count: true }, { colour: 'red' }])(
    'ALL-1: refuses %j, naming it',
    async (query) => {
      const { body } = await as('manager').get('/api/v1/customers/export').query(query).expect(400);
      expect(body.errors).toMatchObject([{ path: Object.keys(query)[0] }]);
    },
  );

  it('CUS-8: many rows come once each, in the order of the list', async () => {
    await world.service.query(
      `INSERT INTO customer (id, code, version, status, name, folded_name, tags, created_at, industry)
       SELECT gen_random_uuid(), 'M' || n, 1, 'active', 'Many ' || n, 'many', '{}', timestamptz '2020-01-01' + n / 7 * interval '1 s', 'food'
         FROM generate_series(1, 3500) AS n`,
    );
    for (const sort of ['createdAt', '-createdAt', 'name']) {
      const rows = await table('customers', { industry: 'food', sort });
      expect(new Set(rows.map(({ Number }) => Number)).size).toBe(3500);
      const expected = await world.service.query<{ name: string }>(
        `SELECT name FROM customer WHERE industry = 'food'
          ORDER BY ${sort === 'name' ? 'name' : sort === 'createdAt' ? 'created_at, id' : 'created_at DESC, id DESC'}`,
      );
      expect(rows.map(({ Name }) => Name)).toEqual(expected.map(({ name }) => name));
    }
  });
});

describe('the exports of contacts and activities', () => {
  it('CUS-3, CUS-9: contacts, with their customers', async () => {
    const [row, ...others] = await table('contacts', { customerId: id, isPrimary: 'true' });
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      Customer: `'=HYPERLINK("http://x")`,
      Owner: 'alice',
      Name: `'\t王芳`,
      Gender: 'female',
      Mobile: '139',
      'E-mail': 'w@b.cn',
      Birthday: '1980-05-01',
      'Primary contact': 'yes',
    });
    const [chinese] = await table('contacts', { customerId: id, isPrimary: 'false' }, world.manager, 'zh');
    expect(chinese).toMatchObject({ 姓名: 'Other', 首要联系人: '否', 性别: '' });
    const [coded] = await table('contacts', { q: 'w@b.cn', codes: 'true' });
    expect(coded).toMatchObject({ customer: expect.stringMatching(/^CUS-/), gender: 'female', isPrimary: 'true' });
    expect(await table('contacts', { customerId: id }, world.bob)).toEqual([]);
    expect(await table('contacts', { customerId: id, format: 'csv' }, world.alice)).toHaveLength(2);
  });

  it('CUS-9: activities, with customer, contact and author', async () => {
    const [row] = await table('activities', { ownerId: world.alice.id, 'date[gte]': '2026-03-01' });
    expect(row).toMatchObject({
      Date: '2026-03-05',
      Customer: `'=HYPERLINK("http://x")`,
      Kind: 'Visit',
      Summary: `'+Showed`,
      Contact: `'\t王芳`,
      'Next follow-up': '2026-04-01',
      Author: 'alice',
    });
    expect(await table('activities', { 'nextFollowUpDate[lte]': '2026-04-01', codes: 'true' })).toMatchObject([
      { kind: 'visit', author: 'alice' },
    ]);
    expect(await table('activities', {}, world.bob)).toEqual([]);
    expect((await file('activities', { format: 'xlsx', sort: 'nextFollowUpDate' })).body.length).toBeGreaterThan(1000);
  });

  it('CUS-2: what hangs on a deleted customer is in none of them', async () => {
    await as('manager').delete(`/api/v1/customers/${id}`).expect(204);
    expect(await table('customers', { externalRef: mine })).toEqual([]);
    expect(await table('contacts', { customerId: id })).toEqual([]);
    expect(await table('activities', { customerId: id })).toEqual([]);
    await as('manager').post(`/api/v1/customers/${id}/restore`).expect(200);
    expect(await table('contacts', { customerId: id })).toHaveLength(2);
  });

  it('DIC-2: a retired entry is still shown by its label', async () => {
    await world.service.query(
      `UPDATE dictionary_entry SET active = false WHERE type = 'customer_level' AND code = 'key'`,
    );
    expect(await table('customers', { externalRef: mine })).toMatchObject([{ Level: 'Key customer' }]);
    await world.service.query(
      `UPDATE dictionary_entry SET active = true WHERE type = 'customer_level' AND code = 'key'`,
    );
  });
});

function bytes(response: Response, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => done(null, Buffer.concat(chunks)));
}

import type { Actor, ContributionRow } from '#contracts';
import type { TestService } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import excel from 'exceljs';
import type { Response } from 'supertest';
import { created, customerFacts, orderFacts, person, recorded, REPORT, startReporting } from './world.js';

let reporting: TestService;
const [manager, executive, alice, bob] = [
  person('sales_manager'),
  person('executive'),
  person('account_manager'),
  person('account_manager'),
];
const customers = {
  quick: customerFacts('QUICK-Stop', alice.id),
  ernst: customerFacts('Ernst Handel', bob.id),
  save: customerFacts('=Save-a-lot, "Markets"', alice.id),
  beijing: customerFacts('北京 贸易', bob.id),
};
const order = (customer: keyof typeof customers, date: string, total: string, currency = 'USD') =>
  orderFacts({ customerId: customers[customer].customerId, date, total, currency });
const unpaid = { ...order('quick', '1997-12-31', '0.03'), status: 'unpaid' as const };
const cancelled = { ...order('quick', '1997-06-01', '1000.00'), status: 'cancelled' as const };
const homeless = orderFacts({ date: '1997-06-01', total: '77.00' });

beforeAll(async () => {
  reporting = await startReporting();
  await reporting.deliver(
    ...Object.values(customers).map(created),
    ...[
      order('quick', '1997-01-01', '600.10'),
      order('quick', '1998-01-01', '50.00'),
      order('ernst', '1997-03-03', '300.00'),
      order('save', '1997-04-04', '100.00'),
      order('beijing', '1997-05-05', '900.50', 'CNY'),
      order('quick', '1997-05-05', '100', 'JPY'),
      unpaid,
      cancelled,
      homeless,
    ].map(recorded),
  );
});
afterAll(() => reporting?.stop());

async function report(query: object, actor: Actor = manager) {
  const answer = await reporting.as(actor).get(REPORT).query(query);
  expect(answer).toMatchObject({ status: 200 });
  return answer.body as {
    items: ContributionRow[];
    nextCursor: string | null;
    total?: number;
    asOf: string;
    lagMs: number;
  };
}
const figures = ({ items }: { items: ContributionRow[] }) =>
  items.map(({ customerName, currency, amount, rank }) => [customerName, currency, amount, rank]);

describe('the customer contribution report', () => {
  it('REP-1: order total, share and rank per customer of one year; unpaid counts, cancelled does not; currencies stay apart', async () => {
    const { items } = await report({ year: 1997 });
    expect(items).toEqual([
      row('beijing', 'CNY', '900.50', 1, 1),
      row('quick', 'JPY', '100', 1, 1),
      row('quick', 'USD', '600.13', 600.13 / 1000.13, 1),
      row('ernst', 'USD', '300.00', 300 / 1000.13, 2),
      row('save', 'USD', '100.00', 100 / 1000.13, 3),
    ]);
  });

  it('REP-1: all years together when none is named', async () => {
    expect(figures(await report({ currency: 'USD' }))).toEqual([
      ['QUICK-Stop', 'USD', '650.13', 1],
      ['Ernst Handel', 'USD', '300.00', 2],
      ['=Save-a-lot, "Markets"', 'USD', '100.00', 3],
    ]);
    expect(figures(await report({ year: 1998 }))).toEqual([['QUICK-Stop', 'USD', '50.00', 1]]);
    expect((await report({ year: 2001 })).items).toEqual([]);
  });

  it.each([
    ['ernst', ['Ernst Handel'], [2]],
    ['KSTO', ['QUICK-Stop', 'QUICK-Stop'], [1, 1]],
    ['京贸', ['北京 贸易'], [1]],
    ['%', [], []],
    [' - ', ['北京 贸易', 'QUICK-Stop', 'QUICK-Stop', 'Ernst Handel', '=Save-a-lot, "Markets"'], [1, 1, 1, 2, 3]],
  ])(
    'REP-1: filters by any part of the name: %j; rank and share stay those among all',
    async (name, expected, ranks) => {
      const { items, total } = await report({ year: 1997, name, count: true });
      expect(items.map(({ customerName }) => customerName)).toEqual(expected);
      expect(total).toBe(expected.length);
      expect(items.map(({ rank }) => rank)).toEqual(ranks);
    },
  );

  it('REP-1: sorts by amount within each currency and by name, both ways', async () => {
    const names = async (sort: string) =>
      (await report({ year: 1997, currency: 'USD', sort })).items.map(({ customerName }) => customerName);
    const byName = ['=Save-a-lot, "Markets"', 'Ernst Handel', 'QUICK-Stop'];
    expect(await names('customerName')).toEqual(byName);
    expect(await names('-customerName')).toEqual(byName.toReversed());
    expect(await names('amount')).toEqual(['=Save-a-lot, "Markets"', 'Ernst Handel', 'QUICK-Stop']);
    expect(await names('-amount')).toEqual(['QUICK-Stop', 'Ernst Handel', '=Save-a-lot, "Markets"']);
  });

  it.each(['-amount', 'amount', 'customerName', '-customerName'])(
    'REP-1: pages by %s without repeating or skipping',
    async (sort) => {
      const whole = await report({ sort });
      const seen: ContributionRow[] = [];
      let cursor: string | null = null;
      do {
        const page = await report({ sort, limit: 1, count: true, ...(cursor && { cursor }) });
        expect(page.total).toBe(5);
        seen.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor);
      expect(seen).toEqual(whole.items);
    },
  );

  it('refuses a cursor of another sort or filter, and one made by hand', async () => {
    const { nextCursor } = await report({ limit: 1 });
    const forged = Buffer.from(
      JSON.stringify(['x', { name: '', currency: 'USD', amount: '1', customerId: '1' }]),
    ).toString('base64url');
    for (const query of [
      { cursor: nextCursor, sort: 'amount' },
      { cursor: nextCursor, year: 1997 },
      { cursor: forged },
      { cursor: 'x' },
    ])
      expect(await reporting.as(manager).get(REPORT).query(query)).toMatchObject({
        status: 400,
        body: { type: '/problems/invalid-cursor' },
      });
  });

  it.each([
    { year: 'last' },
    { currency: 'usd' },
    { limit: 0 },
    { sort: 'rank' },
    { format: 'pdf' },
    { colour: 'red' },
    { name: '' },
  ])('ALL-1: refuses %j with 400', async (query) => {
    expect(await reporting.as(manager).get(REPORT).query(query)).toMatchObject({
      status: 400,
      body: { errors: [{ path: Object.keys(query)[0] }] },
    });
  });

  it('REP-8: says up to when it has counted', async () => {
    const { asOf, lagMs } = await report({});
    expect(Math.abs(Date.now() - Date.parse(asOf))).toBeLessThan(60_000);
    expect(lagMs).toBeGreaterThanOrEqual(0);
  });
});

describe('who sees what', () => {
  it('REP-1: an executive reads all; an account manager reads the figures of their own customers, with share and rank among them', async () => {
    expect(await report({ year: 1997 }, executive)).toMatchObject({ items: (await report({ year: 1997 })).items });
    const own = await report({ year: 1997, count: true }, alice);
    expect(own.items).toEqual([
      row('quick', 'JPY', '100', 1, 1),
      row('quick', 'USD', '600.13', 600.13 / 700.13, 1),
      row('save', 'USD', '100.00', 100 / 700.13, 2),
    ]);
    expect(own.total).toBe(3);
    expect((await report({}, person('account_manager'))).items).toEqual([]);
  });

  it('AUT-6: a system administrator reads no report', async () => {
    for (const format of ['json', 'csv', 'xlsx'])
      expect(await reporting.as(person('system_admin')).get(REPORT).query({ format })).toMatchObject({ status: 403 });
  });
});

describe('as a file', () => {
  const file = (format: 'csv' | 'xlsx', query: object, language = 'en', actor = manager) =>
    reporting
      .as(actor)
      .get(REPORT)
      .query({ format, ...query })
      .set('accept-language', language)
      .buffer(true)
      .parse(bytes);

  it('REP-1: CSV with the same rows, a byte order mark, quoting, and no cell that a spreadsheet would run', async () => {
    const answer = await file('csv', { year: 1997, limit: 1 });
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="customer-contribution-1997.csv"',
    });
    expect([...answer.body.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const [header, ...rows] = parse(answer.body, { bom: true });
    expect(header).toEqual(['Customer ID', 'Customer', 'Currency', 'Order total', 'Share', 'Rank']);
    const expected = (await report({ year: 1997 })).items.map(
      ({ customerId, customerName, currency, amount, share, rank }) => [
        customerId,
        customerName!.replace(/^=/, "'="),
        currency,
        amount,
        String(share),
        String(rank),
      ],
    );
    expect(rows).toEqual(expected);
  });

  it('REP-1: XLSX with the same rows, amounts as numbers, and texts that are no formulas', async () => {
    const answer = await file('xlsx', { year: 1997 }, 'zh-CN,zh;q=0.9');
    expect(answer.headers['content-type']).toBe('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet');
    const book = new excel.Workbook();
    await book.xlsx.load(answer.body);
    const rows: unknown[][] = [];
    book.worksheets[0]!.eachRow((sheetRow) => rows.push((sheetRow.values as unknown[]).slice(1)));
    expect(rows[0]).toEqual(['客户标识', '客户名称', '币种', '下单总金额', '占比', '排名']);
    const { items } = await report({ year: 1997 });
    expect(rows.slice(1)).toEqual(
      items.map(({ customerId, customerName, currency, amount, share, rank }) => [
        customerId,
        customerName,
        currency,
        Number(amount),
        share,
        rank,
      ]),
    );
  });

  it.each(['csv', 'xlsx'] as const)('REP-1: a long %s holds every row once, in order', async (format) => {
    await reporting.query(
      `INSERT INTO contribution (customer_id, year, currency, amount, orders)
       SELECT gen_random_uuid(), 2030, 'USD', 5000 - number, 1 FROM generate_series(1, 2500) AS number
       WHERE NOT EXISTS (SELECT FROM contribution WHERE year = 2030)`,
    );
    const { body } = await file(format, { year: 2030 });
    const ranks =
      format === 'csv' ? parse(body, { bom: true, from: 2 }).map((cells) => Number(cells[5])) : await ranksOf(body);
    expect(ranks).toEqual(Array.from({ length: 2500 }, (_, index) => index + 1));
  });

  it('REP-1: an empty report is a file with a header; own rows only for an account manager', async () => {
    expect(parse((await file('csv', { year: 2001 }, 'zh')).body, { bom: true })).toEqual([
      ['客户标识', '客户名称', '币种', '下单总金额', '占比', '排名'],
    ]);
    const rows = parse((await file('csv', { year: 1997 }, 'en', alice)).body, { bom: true });
    expect(rows.slice(1).map(([, name]) => name)).toEqual(['QUICK-Stop', 'QUICK-Stop', `'=Save-a-lot, "Markets"`]);
  });
});

const row = (customer: keyof typeof customers, currency: string, amount: string, share: number, rank: number) => ({
  customerId: customers[customer].customerId,
  customerName: customers[customer].name,
  currency,
  amount,
  share: expect.closeTo(share, 7),
  rank,
});

async function ranksOf(file: Buffer): Promise<number[]> {
  const book = new excel.Workbook();
  await book.xlsx.load(file as never);
  const ranks: number[] = [];
  book.worksheets[0]!.eachRow((sheetRow, number) => number > 1 && ranks.push(Number(sheetRow.getCell(6).value)));
  return ranks;
}

function bytes(response: Response, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => done(null, Buffer.concat(chunks)));
}

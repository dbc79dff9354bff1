import {
  CustomerOpportunityLinked,
  OpportunityAssigned,
  OpportunityCreated,
  OpportunityDeleted,
  OpportunityLost,
  type OpportunityView,
  OpportunityWon,
} from '#contracts';
import { Imports, XLSX } from '#testing';
import excel from 'exceljs';
import fc from 'fast-check';
import { v7 } from 'uuid';
import { type Marketing, startMarketing } from './marketing.fixture.js';

const PATH = '/api/v1/opportunities';
/** The columns that the API names, in their order. */
const HEAD =
  'externalId,customerName,summary,description,source,stage,successRate,expectedAmount,currency,contactName,contactPhone,status,createdBy,assignee,createdAt,assignedAt,closedAt,closeReason';

describe('MKT-9: an import of opportunities', () => {
  let marketing: Marketing;
  let imports: Imports;
  beforeAll(async () => {
    marketing = await startMarketing();
    imports = new Imports(marketing.service, '/opportunities/imports', marketing.people.manager);
  });
  afterAll(() => marketing?.service.stop());
  const as = (who: keyof Marketing['people']) => marketing.service.as(marketing.people[who]);
  const byId = async (externalId: string): Promise<OpportunityView[]> =>
    (await as('manager').get(PATH).query({ externalId }).expect(200)).body.items;
  const one = async (externalId: string): Promise<OpportunityView> => {
    const [found, ...others] = await byId(externalId);
    expect({ externalId, found: found !== undefined, others }).toEqual({ externalId, found: true, others: [] });
    return found!;
  };
  const typesOf = async ({ id }: OpportunityView) =>
    (
      await marketing.service.query<{ type: string; status: string }>(
        `SELECT type, data->>'status' AS status FROM outbox WHERE aggregate_id = $1 ORDER BY sequence`,
        [id],
      )
    ).map(({ type, status }) => [type, status]);
  /** A file of rows that are all good, with these external ids. */
  const fileOf = (ids: readonly string[], more = '') =>
    ['externalId,customerName,summary,description,successRate', ...ids.map((id) => `${id},Company,Summary,D,40`)]
      .map((line, index) => (more ? `${line},${index === 0 ? more.split('=')[0]! : more.split('=')[1]!}` : line))
      .join('\n');

  it('brings history of any status in, with its creator and times, and names each bad row with field and reason', async () => {
    const { manager, alice, bob, gone } = marketing.people;
    const file = [
      HEAD,
      'H-1,"上海贸易, Ltd",Machines,Two,fair,proposal,60,1200.5,CNY,王芳,+86 21 555,unassigned,alice,,2020-01-01T00:00:00Z,,,',
      'H-2,B,S,D,,,10,,,,,assigned,manager,bob,2020-01-01T00:00:00Z,2020-01-02T00:00:00Z,,',
      'H-3,C,S,D,web,negotiation,90,,,Ann,,won,alice,gone,2020-01-01T00:00:00Z,2020-01-02T00:00:00Z,2020-01-03T00:00:00Z,',
      'H-4,D,S,D,,,0,,,,,lost,,alice,2020-01-01T00:00:00Z,2020-01-02T00:00:00Z,2020-01-03T00:00:00Z,no budget',
      'H-5,E,S,D,,,0,,,,,,,,,,,',
      'X-1,,S,D,,,0,,,,,,,,,,,',
      'X-2,X,S,D,retired,,101,5,,,,lost,nobody,gone,2020-01-05,2020-01-04,,',
      'X-3,X,S,D,,,5,,,,,assigned,,gone,,,,',
      'X-4,X,"S\u0000",D,,,5,,,,,,,,,,,',
      '',
    ].join('\r\n');
    const job = await imports.run(file);
    expect(job).toMatchObject({
      kind: 'opportunity-import',
      status: 'succeeded',
      total: 9,
      processed: 9,
      failed: 4,
      undoable: true,
    });

    expect(await one('H-1')).toMatchObject({
      code: expect.stringMatching(/^OPP-\d{6}$/),
      version: 1,
      status: 'unassigned',
      stage: 'proposal',
      source: 'fair',
      customerName: '上海贸易, Ltd',
      summary: 'Machines',
      description: 'Two',
      successRate: 60,
      expectedAmount: '1200.50',
      currency: 'CNY',
      contactName: '王芳',
      contactPhone: '+86 21 555',
      creatorId: alice.id,
      createdAt: '2020-01-01T00:00:00.000Z',
      assigneeId: null,
    });
    const assigned = { assigneeId: bob.id, assignedAt: '2020-01-02T00:00:00.000Z', closedAt: null };
    expect(await one('H-2')).toMatchObject({
      ...assigned,
      status: 'assigned',
      creatorId: manager.id,
      stage: 'prospecting',
    });
    const closed = { assignedAt: '2020-01-02T00:00:00.000Z', closedAt: '2020-01-03T00:00:00.000Z', customerId: null };
    const won = await one('H-3');
    expect(won).toMatchObject({ ...closed, status: 'won', assigneeId: gone.id, closeReason: null });
    const lost = await one('H-4');
    expect(lost).toMatchObject({ ...closed, status: 'lost', creatorId: manager.id, closeReason: 'no budget' });
    expect(await one('H-5')).toMatchObject({ status: 'unassigned', creatorId: manager.id });
    expect((await as('manager').get(`${PATH}?q=上海贸易`).expect(200)).body.items).toMatchObject([
      { externalId: 'H-1' },
    ]);

    const errors = await imports.rows(job, 'errors');
    expect(
      errors.map(({ line, field, customerName }) => [line, field!.split('; ').sort().join(), customerName]),
    ).toEqual([
      ['7', 'customerName', ''],
      ['8', 'assignedAt,closeReason,createdBy,currency,source,successRate', 'X'],
      ['9', 'assignee', 'X'],
      ['10', 'summary', 'X'],
    ]);
    expect(errors[1]!.reason).toMatch(
      /"retired" is not an active entry of opportunity_source.*must not be before createdAt/,
    );
    expect(errors[2]!.reason).toContain('active user');
    expect((await imports.rows(job, 'errors', marketing.people.manager, 'zh-CN'))[0]!['原因']).toBe('必填');
    for (const id of ['X-1', 'X-2', 'X-3', 'X-4']) expect(await byId(id)).toEqual([]);

    expect(await typesOf(won)).toEqual([
      [OpportunityCreated.type, 'unassigned'],
      [OpportunityAssigned.type, 'assigned'],
      [OpportunityWon.type, 'won'],
    ]);
    expect((await typesOf(lost)).at(-1)).toEqual([OpportunityLost.type, 'lost']);
    expect(await typesOf(await one('H-1'))).toHaveLength(1);
    const event = await marketing.service.events.published(OpportunityWon.type, ({ subject }) => subject === won.id);
    expect(event).toMatchObject({
      sequence: 3,
      actorid: manager.id,
      data: { customerName: 'C', assigneeId: gone.id, contactName: 'Ann', closedAt: won.closedAt },
    });
    const { body: timeline } = await as('manager').get(`${PATH}/${lost.id}/timeline`).expect(200);
    expect(timeline.items).toMatchObject([
      { act: 'imported', actorId: manager.id, details: { jobId: job.id, line: 5 } },
      { act: 'lost', actorId: null, at: '2020-01-03T00:00:00.000Z', details: { reason: 'no budget' } },
      { act: 'assigned', actorId: null, at: '2020-01-02T00:00:00.000Z', details: { from: null, to: alice.id } },
      { act: 'created', actorId: manager.id, at: '2020-01-01T00:00:00.000Z' },
    ]);
  });

  it('creates nothing twice: a known external id, and a row without one that says the same, are passed over', async () => {
    const made = await marketing.create(marketing.people.alice, { externalId: 'T-0' });
    const file = `${fileOf(['T-0', 'T-1', 'T-1', 'T-2', '', '', ''])}\n,Company,Another,D,40`;
    const count = async () => (await as('manager').get(`${PATH}?limit=1&count=true`)).body.total as number;
    const before = await count();
    const once = await imports.run(file);
    expect(once).toMatchObject({ processed: 8, failed: 0 });
    expect((await imports.rows(once, 'result')).map(({ line, outcome }) => `${line} ${outcome}`)).toEqual([
      '2 known already',
      '3 created',
      '4 known already',
      '5 created',
      '6 created',
      '7 known already',
      '8 known already',
      '9 created',
    ]);
    expect((await imports.rows(once, 'result'))[0]!.code).toBe(made.code);
    expect((await one('T-0')).summary).toBe(made.summary);
    const twice = await imports.run(file);
    expect(twice).toMatchObject({ status: 'succeeded', processed: 8, failed: 0 });
    expect(new Set((await imports.rows(twice, 'result')).map(({ outcome }) => outcome))).toEqual(
      new Set(['known already']),
    );
    expect(await count()).toBe(before + 4);
    // Side by side, and beside somebody who types one in.
    const ids = Array.from({ length: 30 }, (_, index) => `T-3${index}`);
    const [first, second] = await Promise.all([
      imports.run(fileOf(ids)),
      imports.run(fileOf(ids)),
      as('alice')
        .post(PATH)
        .send({ externalId: ids[29], customerName: 'C', summary: 'S', description: 'D', successRate: 1 }),
    ]);
    for (const job of [first, second]) expect(job).toMatchObject({ status: 'succeeded', processed: 30, failed: 0 });
    for (const id of ids) await one(id);
  });

  it('needs the right, a table, and columns that it knows', async () => {
    for (const who of ['alice', 'executive'] as const)
      await imports.send(fileOf(['R']), marketing.people[who]).expect(403);
    await as('manager').post(`${PATH}/imports`).send({}).expect(415);
    const { body: problem } = await imports.send('externalId,customerName,wings\nR,A,2\n').expect(400);
    expect(problem).toMatchObject({ type: '/problems/validation-failed' });
    expect(problem.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      'description',
      'successRate',
      'summary',
      'wings',
    ]);
    await imports.send('').expect(422);
    expect(await byId('R')).toEqual([]);
    const job = await imports.run(fileOf(['R']));
    await as('alice').get(`/api/v1/jobs/${job.id}`).expect(404);
    await as('mia').get(`/api/v1/jobs/${job.id}`).expect(200);
  });

  it('reads XLSX as it reads CSV: days are of the business time zone', async () => {
    const book = new excel.Workbook();
    const sheet = book.addWorksheet('销售机会');
    sheet.addRow([
      '外部编号',
      '客户名称',
      '机会名称',
      '机会描述',
      '成功几率',
      '状态',
      '被指派人',
      '创建时间',
      '结束时间',
      '结束原因',
    ]);
    sheet.addRow([
      'W-1',
      '上海贸易',
      '设备',
      '两台',
      40,
      '开发失败',
      'alice',
      new Date(Date.UTC(2020, 0, 31)),
      '2020-02-01 12:00',
      '预算不足',
    ]);
    const job = await imports.run(Buffer.from(await book.xlsx.writeBuffer()), undefined, XLSX);
    expect(job).toMatchObject({ status: 'succeeded', processed: 1, failed: 0 });
    expect(await one('W-1')).toMatchObject({
      customerName: '上海贸易',
      successRate: 40,
      status: 'lost',
      closeReason: '预算不足',
      createdAt: '2020-01-30T16:00:00.000Z',
      closedAt: '2020-02-01T04:00:00.000Z',
    });
  });

  it('is taken back where nobody has touched what it made; what was won stays, for it has a customer', async () => {
    const ids = ['U-1', 'U-2', 'U-3', 'U-4', 'U-5', 'U-6'];
    const job = await imports.run(
      [
        'externalId,customerName,summary,description,successRate,status,assignee,closeReason',
        ...['', 'assigned,alice,', 'assigned,alice,', 'won,alice,', 'won,alice,', 'lost,bob,x'].map(
          (rest, index) => `${ids[index]},Company,Summary,D,40,${rest || ',,'}`,
        ),
      ].join('\n'),
    );
    expect(job).toMatchObject({ processed: 6, failed: 0 });
    const [, edited, planned, won] = await Promise.all(ids.map(one));
    await as('manager').patch(`${PATH}/${edited!.id}`).send({ stage: 'proposal' }).expect(200);
    await as('alice').post(`${PATH}/${planned!.id}/plan-items`).send({ date: '2020-01-01', todo: 'call' }).expect(201);
    const customerId = v7();
    await marketing.service.deliver(CustomerOpportunityLinked.of(customerId, { customerId, opportunityId: won!.id }));
    const undone = await imports.undo(job);
    expect(undone).toMatchObject({ status: 'succeeded', processed: 6, undoes: job.id });
    const rows = await imports.rows(undone, 'result');
    expect(rows.map((row) => [row.line, row.outcome, row['what happened to it since']])).toEqual([
      ['2', 'taken back', ''],
      ['3', 'kept', 'stage changed'],
      ['4', 'kept', 'plan item added'],
      ['5', 'kept', 'it was won, and made a customer'],
      ['6', 'kept', 'it was won, and made a customer'],
      ['7', 'taken back', ''],
    ]);
    for (const [index, id] of ids.entries()) expect(await byId(id)).toHaveLength([1, 2, 3, 4].includes(index) ? 1 : 0);
    const gone = await marketing.service.events.published(
      OpportunityDeleted.type,
      ({ data }) => (data as { code: string }).code === rows[5]!.code,
    );
    expect(gone.sequence).toBe(4);
    await as('manager').post(`/api/v1/jobs/${job.id}/undo`).expect(409);
    // What was taken back can come again; what stayed is known.
    const again = await imports.run(fileOf(ids));
    expect((await imports.rows(again, 'result')).map(({ outcome }) => outcome)).toEqual([
      'created',
      ...Array<string>(4).fill('known already'),
      'created',
    ]);
  });

  it('ALL-5: goes on where it was when the service stops in the middle, and leaves nothing out', async () => {
    const ids = Array.from({ length: 2500 }, (_, index) => `S-${index}`);
    const { body } = await imports.send(fileOf(ids)).expect(202);
    await marketing.service.eventually(async () => (await imports.job(body.id)).processed > 0, 'it does not begin');
    await marketing.service.halt();
    const [{ processed }] = (await marketing.service.query<{ processed: number }>(
      'SELECT processed FROM job WHERE id = $1',
      [body.id],
    )) as [{ processed: number }];
    expect(processed).toBeLessThan(2500);
    await marketing.service.run();
    expect(await imports.ended(body.id)).toMatchObject({
      status: 'succeeded',
      total: 2500,
      processed: 2500,
      failed: 0,
    });
    const [count] = await marketing.service.query(
      `SELECT count(*)::int AS rows, count(DISTINCT external_id)::int AS ids, count(DISTINCT code)::int AS codes,
              (SELECT count(*)::int FROM outbox WHERE data->>'externalId' LIKE 'S-%') AS events
         FROM opportunity WHERE external_id LIKE 'S-%'`,
    );
    expect(count).toEqual({ rows: 2500, ids: 2500, codes: 2500, events: 2500 });
  }, 60_000);

  it('ALL-1: any cells are taken as they are or refused row by row; never does a row end the job', async () => {
    const columns = HEAD.split(',');
    const cell = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        '',
        '',
        'won',
        'alice',
        '2020-01-01',
        '40',
        '5',
        'CNY',
        'fair',
        '\u0000',
        '=1+1',
        '1e400',
        '2026-02-30',
        '__proto__',
        '𠮷',
      ),
    );
    const row = fc.record(Object.fromEntries(columns.map((name) => [name, cell])));
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 5, maxLength: 20 }), async (rows) => {
        round += 1;
        const good = { customerName: 'Company', summary: 'S', description: 'D', successRate: '40' };
        const sent = rows.map((each, index) => ({
          // One cell of each second row is anything, the rest of it is good.
          ...(index % 2
            ? each
            : { ...good, [columns[index % columns.length]!]: each[columns[index % columns.length]!]! }),
          externalId: `P-${round}-${index}`,
        }));
        const quoted = (text = '') => `"${text.replaceAll('"', '""')}"`;
        const lines = sent.map((each: Record<string, string>) => columns.map((name) => quoted(each[name])).join(','));
        const job = await imports.run([HEAD, ...lines].join('\n'));
        expect(job).toMatchObject({ status: 'succeeded', processed: rows.length });
        let made = 0;
        for (const each of sent) {
          const [found] = await byId(each.externalId);
          if (!found) continue;
          made += 1;
          // As it was sent, without the apostrophe that disarms a formula.
          for (const name of ['customerName', 'summary', 'description', 'contactName'] as const) {
            const text = (each as Record<string, string>)[name] ?? '';
            expect([name, found[name] ?? '']).toEqual([
              name,
              text.trim() === '' ? '' : text.replace(/^'(?=[=+\-@\t\r＝＋－＠])/, ''),
            ]);
          }
        }
        expect(made).toBe(job.processed - job.failed);
      }),
      { numRuns: 8 },
    );
  }, 60_000);
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Actor, CustomerCreated, ContactAdded, CustomerDeleted } from '#contracts';
import excel from 'exceljs';
import { v7 } from 'uuid';
import {
  feedAs,
  type Json,
  orderOf,
  overlapping,
  ownKeys,
  readAs,
  startWorld,
  transaction,
  untilLocked,
  wonBy,
  type World,
} from './customer.fixture.js';
import { CSV, Imports, XLSX } from './import.fixture.js';

let world: World;
let imports: Imports;
beforeAll(async () => {
  world = await startWorld();
  imports = new Imports(world);
});
afterAll(() => world?.service.stop());

/** The columns that the API names, in their order. */
const HEAD =
  'externalRef,name,owner,region,level,credit,satisfaction,industry,phone,address,postcode,website,contactName,contactPosition,contactPhone,contactMobile,tags,remarks';
const byRef = async (ref: string): Promise<Json[]> =>
  (await readAs(world, `/customers?externalRef=${ref}`)).items as Json[];
const idsOf = async (...refs: string[]) =>
  (await Promise.all(refs.map(byRef))).map(([customer]) => customer!.id as string);
const manager = (rights: Actor['rights']): Actor => ({
  id: v7(),
  name: 'm',
  kind: 'user',
  rights: { 'customer.import': 'all', ...rights },
});
/** A customer, and a phone that an edit is to give it while an import brings the same. */
async function beforeEdit(k: (name: string) => string) {
  const edited = world.service.as(world.alice).post('/api/v1/customers');
  const { body: other } = await edited.send({ name: k('Edited') }).expect(201);
  return { other: other as Json, phone: String(Date.now()) };
}
const fileWith = (k: (name: string) => string, phone: string): string =>
  `externalRef,name,owner,phone\n${k('R')},${k('New')},bob,${phone}\n`;
/** What the list of likely duplicates says of a phone. */
async function groupOf(phone: string): Promise<Json | undefined> {
  const list = world.service.as(world.manager).get('/api/v1/customers/duplicates?limit=200');
  return ((await list.expect(200)).body.items as Json[]).find(({ key }) => key === `p:${phone}`);
}

describe('CUS-8: an import of customers', () => {
  it('is a job that brings good rows in with their contacts, and names each bad row with field and reason', async () => {
    const k = ownKeys();
    await feedAs(world, 'orders', [orderOf(k)]);
    const file = [
      HEAD,
      `${k('REF')},上海贸易,alice,china,key,4,5,manufacturing,+86 10 555,"Street 1\nCity",200120,https://a.example,张三,采购,021-555,138001,"vip; 2026",note`,
      `${k('R2')},ACME,Bob,,,,,,,,,,,,030-777,,,`,
      `${k('R3')},,alice,,,,,,,,,,,,,,,`,
      `${k('R4')},Bad,nobody,mars,,9,,,not a phone,,,javascript:alert(1),,,,,,`,
      `${k('R5')},Bad,manager,,,,,,,,,,Ann,,x,,,`,
      `${k('R6')},${'x'.repeat(101)},alice,,,,,,,,,,,,,,,`,
      `${k('R7')},"nul\u0000",alice,,,,,,,,,,,,,,,`,
      '',
    ].join('\r\n');
    const started = await imports.send(file).expect(202);
    const { id } = started.body as { id: string };
    expect(started.headers.location).toBe(`/api/v1/jobs/${id}`);
    expect(started.body).toMatchObject({ kind: 'customer-import', total: 8, processed: 0, undoable: false });
    const job = await imports.ended(id);
    expect(job).toMatchObject({ status: 'succeeded', total: 7, processed: 7, failed: 5, undoable: true });

    const errors = await imports.rows(job, 'errors');
    expect(errors.map(({ line, field, name }) => [line, field, name])).toEqual(
      [
        ['5', 'name', ''],
        ['6', 'region; credit; phone; website; owner', 'Bad'],
        ['7', 'contactPhone; owner', 'Bad'],
        ['8', 'name', 'x'.repeat(101)],
        ['9', 'name', 'nul␀'],
      ].map(([line, field, name]) =>
        [line, expect.stringContaining(''), name].map((each, index) => (index === 1 ? field : each)),
      ),
    );
    expect(errors[1]!.reason).toMatch(/"mars" is not an active entry of region; .*username of an active user/);
    expect(errors[3]!.reason).toBe('at most 100 characters');
    const chinese = await imports.rows(job, 'errors', world.manager, 'zh-CN');
    expect(chinese.map((row) => [row['行号'], row['字段']])).toEqual(errors.map(({ line, field }) => [line, field]));
    expect(chinese[0]!['原因']).toBe('必填');

    const [first, second] = [(await byRef(k('REF')))[0]!, (await byRef(k('R2')))[0]!];
    expect(first).toMatchObject({
      name: '上海贸易',
      ownerId: world.alice.id,
      region: 'china',
      level: 'key',
      credit: 4,
      satisfaction: 5,
      industry: 'manufacturing',
      phone: '+86 10 555',
      address: 'Street 1\nCity',
      postcode: '200120',
      website: 'https://a.example',
      tags: ['vip', '2026'],
      remarks: 'note',
      status: 'active',
      version: 1,
      lastOrderDate: '2026-03-01',
    });
    expect(second).toMatchObject({ name: 'ACME', ownerId: world.bob.id, region: null, tags: [] });
    expect((await readAs(world, `/customers/${first.id}/contacts`)).items).toMatchObject([
      { name: '张三', position: '采购', officePhone: '021-555', mobile: '138001', isPrimary: true },
    ]);
    expect((await readAs(world, `/customers/${second.id}/contacts`)).items).toEqual([]);
    expect((await readAs(world, `/customers?q=021555&externalRef=${k('REF')}`)).items).toHaveLength(1);
    for (const ref of ['R3', 'R4', 'R5', 'R6', 'R7']) expect(await byRef(k(ref))).toEqual([]);

    expect(await imports.rows(job, 'result')).toEqual([
      { line: '2', outcome: 'created', number: first.code, 'likely duplicates': '', note: '' },
      {
        line: '4',
        outcome: 'created',
        number: second.code,
        'likely duplicates': '',
        note: 'no contact was made: its name is missing',
      },
    ]);
    const created = await world.service.events.published(CustomerCreated.type, ({ subject }) => subject === first.id);
    expect(created).toMatchObject({
      sequence: 1,
      actorid: world.manager.id,
      data: { name: '上海贸易', code: first.code },
    });
    await world.service.events.published(ContactAdded.type, ({ data }) => (data as Json).customerId === first.id);
    const acts = await world.service.query<{ act: string; actor_id: string }>(
      'SELECT act, actor_id FROM customer_history WHERE customer_id = $1 ORDER BY id',
      [first.id],
    );
    expect(acts.filter(({ actor_id }) => actor_id === world.manager.id).map(({ act }) => act)).toEqual([
      'created',
      'contact-added',
      'order-recorded',
    ]);
  });

  it('creates nothing twice when the file is sent twice, and of one reference only the first in a file', async () => {
    const k = ownKeys();
    const file = `externalRef,name,owner\n${k('A')},First,alice\n${k('A')},Second,alice\n${k('B')},Third,bob\n`;
    const once = await imports.run(file);
    expect(once).toMatchObject({ processed: 3, failed: 0 });
    const twice = await imports.run(file);
    expect(twice).toMatchObject({ status: 'succeeded', processed: 3, failed: 0 });
    expect(await byRef(k('A'))).toMatchObject([{ name: 'First' }]);
    const [{ code }] = (await byRef(k('A'))) as [Json];
    expect((await imports.rows(once, 'result')).map(({ line, outcome, number }) => [line, outcome, number])).toEqual([
      ['2', 'created', code],
      ['3', 'known already', code],
      ['4', 'created', expect.any(String)],
    ]);
    expect((await imports.rows(twice, 'result')).map(({ outcome }) => outcome)).toEqual(Array(3).fill('known already'));
    const [both] = await Promise.all([
      imports.run(file.replaceAll(k('A'), k('C'))),
      imports.run(file.replaceAll(k('A'), k('C'))),
    ]);
    expect(both.status).toBe('succeeded');
    expect(await byRef(k('C'))).toHaveLength(1);
  });

  it('MKT-9: nor where rows have no external reference; those of deleted customers come in again', async () => {
    const k = ownKeys();
    const file = `name,owner,contactName\n${k('A')},alice,Ann\n${k('A')},alice,Bea\n${k('A')},alice,Ann\n`;
    const outcomes = async (content: string) =>
      (await imports.rows(await imports.run(content), 'result')).map(({ outcome, number }) => [outcome, number]);
    const once = await outcomes(file);
    const [first, second] = once.map(([, code]) => code);
    expect(once).toEqual([
      ['created', first],
      ['created', second],
      ['known already', first],
    ]);
    const turned = `contactName,name,owner\nAnn,${k('A')},alice\nBea,${k('A')},alice\n`;
    expect(await outcomes(turned)).toEqual([
      ['known already', first],
      ['known already', second],
    ]);
    await world.service.as(world.manager).delete(`/api/v1/customers/${first}`).expect(204);
    expect(await outcomes(turned)).toEqual([
      ['created', expect.not.stringMatching(first!)],
      ['known already', second],
    ]);
  });

  it('CUS-6: warns of customers who have the name or the phone already, in the file or before', async () => {
    const k = ownKeys();
    const phone = `+86 21 ${Date.now()}`;
    const before = await imports.run(`externalRef,name,owner,phone\n${k('0')},${k('Acme')} Ltd,alice,${phone}\n`);
    const [{ number }] = (await imports.rows(before, 'result')) as [Record<string, string>];
    const job = await imports.run(
      `externalRef,name,owner\n${k('1')},${k('ＡＣＭＥ')}  LTD,alice\n${k('2')},${k('Other')},alice\n${k('3')},${k('other')},bob\n`,
    );
    const rows = await imports.rows(job, 'result');
    expect(rows.map((row) => row['likely duplicates'])).toEqual([number, rows[2]!.number, rows[1]!.number]);
    const dashed = phone.replaceAll(' ', '-');
    const byPhone = await imports.run(
      `externalRef,name,owner,contactName,contactMobile\n${k('4')},${k('New')},bob,Ann,${dashed}\n`,
    );
    expect((await imports.rows(byPhone, 'result')).map((row) => row['likely duplicates'])).toEqual([number]);
  });

  it('needs the right, and for each row the right to the owner’s records', async () => {
    const k = ownKeys();
    await imports.send('name\nX\n', world.alice).expect(403);
    const file = `externalRef,name,owner,contactName\n${k('1')},A,,\n${k('2')},B,bob,\n${k('3')},C,alice,Ann\n`;
    const own = { ...manager({ ...world.alice.rights }), id: world.alice.id };
    const job = await imports.run(file, own);
    expect(job).toMatchObject({ processed: 3, failed: 1 });
    expect(await imports.rows(job, 'errors', own)).toMatchObject([
      { line: '3', field: 'owner', reason: expect.stringContaining('customer.create') },
    ]);
    expect((await byRef(k('1')))[0]).toMatchObject({ ownerId: world.alice.id });
    const bare = manager({ 'customer.create': 'all' });
    const without = await imports.run(file.replaceAll(k('3'), k('4')), bare);
    expect(await imports.rows(without, 'errors', bare)).toMatchObject([
      { line: '2', field: 'owner', reason: expect.stringContaining('active user') },
      { line: '4', field: 'owner', reason: expect.stringContaining('contact.write') },
    ]);
    await world.service.as(world.bob).get(`/api/v1/jobs/${job.id}`).expect(404);
  });

  it('CUS-9: a contact that came with its customer is listed to who owns that, and to no other whose role is narrowed', async () => {
    const k = ownKeys();
    await imports.run(`externalRef,name,owner,contactName\n${k('1')},A,alice,${k('Ann')}\n`);
    const found = async (person: Actor) => {
      const narrowed = { ...person, rights: { ...person.rights, 'customer.read': 'own' as const } };
      const { body } = await world.service
        .as(narrowed)
        .get('/api/v1/contacts')
        .query({ q: k('Ann') })
        .expect(200);
      return body.items.length as number;
    };
    expect([await found(world.alice), await found(world.bob)]).toEqual([1, 0]);
  });

  it('takes codes by their labels, and its columns by theirs', async () => {
    const k = ownKeys();
    const [level] = await world.service.query<{ code: string; zh: string }>(
      `SELECT code, label_zh AS zh FROM dictionary_entry WHERE type = 'customer_level' AND active LIMIT 1`,
    );
    await imports.run(`外部编号;客户名称;客户经理;客户等级\n${k('R')};ACME;alice;${level!.zh}\n`);
    expect((await byRef(k('R')))[0]).toMatchObject({ level: level!.code });
  });

  it('reads XLSX as it reads CSV', async () => {
    const k = ownKeys();
    const book = new excel.Workbook();
    const sheet = book.addWorksheet('客户');
    sheet.addRow(['客户名称', 'externalRef', 'owner', 'contactName', 'contactMobile', 'satisfaction']);
    sheet.addRow(['杭州 😀', k('X'), 'alice', '李四', 13_800_138_000, 4]);
    sheet.addRow(['杭州', k('Y'), 'alice', '', '', 6]);
    const job = await imports.run(Buffer.from(await book.xlsx.writeBuffer()), world.manager, XLSX);
    expect(job).toMatchObject({ status: 'succeeded', total: 2, processed: 2, failed: 1 });
    expect(await imports.rows(job, 'errors')).toMatchObject([{ line: '3', field: 'satisfaction', 客户名称: '杭州' }]);
    const [customer] = (await byRef(k('X'))) as [Json];
    expect(customer).toMatchObject({ name: '杭州 😀', satisfaction: 4 });
    expect((await readAs(world, `/customers/${customer.id}/contacts`)).items).toMatchObject([
      { mobile: '13800138000' },
    ]);
  });

  it('ALL-1: is refused at once where no row could be read, and leaves nothing behind', async () => {
    const refusals = await Promise.all([
      imports.send('name,colour\nA,red\n').expect(400),
      imports.send('phone\n1\n').expect(400),
      imports.send('').expect(422),
      imports.send('name\nA\n', world.manager, XLSX).expect(422),
      imports.send('{}', world.manager, 'application/json').expect(415),
      imports.send('x', world.manager, 'text/plain').expect(415),
      imports.send('name\nA\n', world.manager, 'text/csv; charset=klingon').expect(400),
      world.service.as(world.manager).post('/api/v1/customers').set('content-type', CSV).send('name\nA\n').expect(415),
    ]);
    expect(refusals[0].body.errors).toMatchObject([{ path: 'colour', code: 'unknown_column' }]);
    expect(refusals[1].body.errors).toMatchObject([{ path: 'name', code: 'missing_column' }]);
    expect(refusals[4].body.detail).toContain('text/csv');
    const left = await world.service.query(
      `SELECT FROM job_input WHERE job_id NOT IN (SELECT id FROM job WHERE status IN ('queued', 'running'))`,
    );
    expect(left).toEqual([]);
  });

  it('ALL-3: repeated with the same key is one import, and another file with it is refused', async () => {
    const k = ownKeys();
    const file = `externalRef,name,owner\n${k('R')},ACME,alice\n`;
    const key = v7();
    const [first, second] = await Promise.all(
      [1, 2].map(() => imports.send(file).set('idempotency-key', key).expect(202)),
    );
    expect(second!.body.id).toBe(first!.body.id);
    await imports.ended(first!.body.id as string);
    const again = await imports.send(file).set('idempotency-key', key).expect(202);
    expect(again.body.id).toBe(first!.body.id);
    await imports.send(`${file}x,y,z\n`).set('idempotency-key', key).expect(422);
    expect(await world.service.query('SELECT FROM job_input')).toEqual([]);
  });

  it('MKT-6: brings in no second customer of a name that is won at the same moment', async () => {
    const k = ownKeys();
    const won = wonBy(world.alice.id, `${k('WON')} gmbh`, { contactName: null });
    const file = `externalRef,name,owner\n${k('R')},${k('Won')}  GmbH,bob\n`;
    await overlapping(
      world,
      () => imports.send(file).expect(202),
      () => world.service.deliver(won),
    );
    await world.service.eventually(async () => (await byRef(k('R'))).length === 1, 'nothing was imported');
    const named = await world.service.query('SELECT external_ref FROM customer WHERE folded_name = $1', [
      `${k('won')} gmbh`,
    ]);
    expect(named).toEqual([{ external_ref: k('R') }]);
  });

  it('CUS-6: who comes to have a key by an edit while a chunk brings it is listed with the imported one', async () => {
    const k = ownKeys();
    const { other, phone } = await beforeEdit(k);
    const brake = await transaction(world);
    try {
      await brake.query('LOCK TABLE job_result IN SHARE MODE');
      const { body } = await imports.send(fileWith(k, phone)).expect(202);
      // The chunk has noted its keys, and has yet to say what became of its rows.
      await untilLocked(world.service, 1);
      const path = `/api/v1/customers/${other.id}`;
      const { body: edited } = await world.service.as(world.alice).patch(path).send({ phone }).expect(200);
      expect(edited.duplicates ?? []).toEqual([]);
      await brake.query('COMMIT');
      expect(await imports.ended(body.id as string)).toMatchObject({ status: 'succeeded', processed: 1 });
    } finally {
      await brake.end();
    }
    expect(await groupOf(phone)).toMatchObject({ count: 2 });
    expect(await world.service.query('SELECT FROM edited_key')).toEqual([]);
  });

  it('CUS-6: an edit that began before it, and does not know of it, is waited for', async () => {
    const k = ownKeys();
    const { other, phone } = await beforeEdit(k);
    const edit = await transaction(world);
    try {
      await edit.query('INSERT INTO customer_key (key, customer_id, again) VALUES ($1, $2, false)', [
        `p:${phone}`,
        other.id,
      ]);
      const { body } = await imports.send(fileWith(k, phone)).expect(202);
      await world.service.eventually(async () => {
        const [job] = await world.service.query('SELECT position FROM job WHERE id = $1', [body.id]);
        return job!.position !== null;
      }, 'the import has not begun');
      await edit.query('COMMIT');
      const [row] = await imports.rows(await imports.ended(body.id as string), 'result');
      expect(row!['likely duplicates']).toBe(other.code);
    } finally {
      await edit.end();
    }
  });

  it('CUS-6: at its end it waits for the edits of that time, which it cannot see before', async () => {
    const k = ownKeys();
    const { other, phone } = await beforeEdit(k);
    const [edit, brake] = await Promise.all([transaction(world), transaction(world)]);
    try {
      await brake.query('LOCK TABLE event_sequence IN SHARE MODE');
      const { body } = await imports.send(fileWith(k, phone)).expect(202);
      await untilLocked(world.service, 1);
      await edit.query(
        `WITH edited AS (INSERT INTO edited_key (key) VALUES ($1))
         INSERT INTO customer_key (key, customer_id, again) VALUES ($1, $2, false)`,
        [`p:${phone}`, other.id],
      );
      await brake.query('COMMIT');
      // Each time that it asks for the edit's end, its lease moves.
      const asked = new Set<unknown>();
      await world.service.eventually(async () => {
        const [job] = await world.service.query<Json>(
          'SELECT status, processed, lease_until::text FROM job WHERE id = $1',
          [body.id],
        );
        expect(job!.status).toBe('running');
        if (job!.processed === 1) asked.add(job!.lease_until);
        return asked.size > 3;
      }, 'it does not wait');
      await edit.query('COMMIT');
      expect(await imports.ended(body.id as string)).toMatchObject({ status: 'succeeded', processed: 1 });
      expect(await groupOf(phone)).toMatchObject({ count: 2 });
    } finally {
      await Promise.all([edit.end(), brake.end()]);
    }
  });

  it('ALL-5: a restart in the middle goes on behind the last chunk; nothing is left out or there twice', async () => {
    const k = ownKeys();
    const rows = Array.from(
      { length: 5000 },
      (_, index) => `${k(String(index))},Restarted ${k('')} ${index},alice,Ann ${index}\n`,
    );
    const { body } = await imports.send(`externalRef,name,owner,contactName\n${rows.join('')}`).expect(202);
    const { id } = body as { id: string };
    await world.service.eventually(async () => (await imports.job(id)).processed >= 2000, 'no chunk was written');
    await world.service.halt();
    const [job] = await world.service.query<{ processed: number }>('SELECT processed FROM job WHERE id = $1', [id]);
    expect(job!.processed).toBeLessThan(5000);
    await world.service.run();
    expect(await imports.ended(id)).toMatchObject({ status: 'succeeded', processed: 5000, failed: 0, total: 5000 });
    const [count] = await world.service.query(
      `SELECT count(*)::int AS customers, count(DISTINCT external_ref)::int AS refs,
              (SELECT count(*)::int FROM contact WHERE customer_id IN (SELECT record_id FROM job_result WHERE job_id = $2)) AS contacts,
              (SELECT count(*)::int FROM outbox WHERE aggregate = 'customer' AND sequence = 1
                  AND aggregate_id IN (SELECT record_id::text FROM job_result WHERE job_id = $2)) AS events
         FROM customer WHERE external_ref LIKE $1`,
      [`%${k('')}`, id],
    );
    expect(count).toEqual({ customers: 5000, refs: 5000, contacts: 5000, events: 5000 });
  });
});

describe('CUS-8: the undo of an import of customers', () => {
  it('ALL-3: takes back what nobody touched, and says what it left and why', async () => {
    const k = ownKeys();
    const refs = ['plain', 'edited', 'contact', 'ordered', 'deleted'].map(k);
    const job = await imports.run(`externalRef,name,owner\n${refs.map((ref) => `${ref},N ${ref},alice\n`).join('')}`);
    const [plain, edited, contact, , deleted] = (await idsOf(...refs)) as [string, string, string, string, string];
    const { service, alice, manager: boss } = world;
    await service.as(alice).patch(`/api/v1/customers/${edited}`).send({ remarks: 'mine' }).expect(200);
    await service.as(alice).post(`/api/v1/customers/${contact}/contacts`).send({ name: 'Ann' }).expect(201);
    await service.as(alice).patch(`/api/v1/customers/${contact}`).send({ remarks: 'mine' }).expect(200);
    await feedAs(world, 'orders', [orderOf(k, { customerRef: k('ordered') })]);
    await service.as(boss).delete(`/api/v1/customers/${deleted}`).expect(204);

    const keyed = () =>
      service.as(boss).post(`/api/v1/jobs/${job.id}/undo`).set('idempotency-key', k('undo')).expect(202);
    const { body: begun } = await keyed();
    const undo = await imports.ended(begun.id);
    // ALL-3: not "undone already", which it was not when it was asked for.
    expect((await keyed()).body).toEqual(begun);
    expect(undo).toMatchObject({ status: 'succeeded', undoes: job.id, processed: 5, undoable: false });
    const rows = await imports.rows(undo, 'result');
    expect(rows.map((row) => [row.line, row.outcome, row['what happened to it since']])).toEqual([
      ['2', 'taken back', ''],
      ['3', 'kept', expect.stringMatching(/edited/)],
      ['4', 'kept', expect.stringMatching(/contact/)],
      ['5', 'kept', expect.stringMatching(/order/)],
      ['6', 'kept', 'deleted'],
    ]);
    const inChinese = await service.as(boss).get(`/api/v1/jobs/${undo.id}/result`).set('accept-language', 'zh-CN');
    expect(inChinese.text).toContain('新增联系人、修改');
    expect(await byRef(k('plain'))).toEqual([]);
    for (const ref of ['edited', 'contact', 'ordered']) expect(await byRef(k(ref))).toHaveLength(1);
    await service.events.published(CustomerDeleted.type, ({ subject }) => subject === plain);

    await service.as(boss).post(`/api/v1/jobs/${job.id}/undo`).expect(409);
    expect(await imports.job(job.id)).toMatchObject({ undoable: false, undo: { jobId: undo.id, status: 'succeeded' } });
    await service.as(boss).post(`/api/v1/jobs/${undo.id}/undo`).expect(409);
    await service.as(boss).post(`/api/v1/customers/${plain}/restore`).expect(200);
    expect(await byRef(k('plain'))).toHaveLength(1);
  });

  it('FEED-3: leaves a customer whose order is on its way, and an order that is on its way behind it waits for a customer', async () => {
    const k = ownKeys();
    const undo = async (jobId: string) =>
      world.service.as(world.manager).post(`/api/v1/jobs/${jobId}/undo`).expect(202);
    const order = (ref: string) => () =>
      feedAs(world, 'orders', [orderOf(k, { key: k(`O ${ref}`), customerRef: k(ref) })]);
    const outcomeOf = async ({ body }: { body: { id: string } }) =>
      (await imports.rows(await imports.ended(body.id), 'result')).map(({ outcome }) => outcome);

    const first = await imports.run(`externalRef,name,owner\n${k('kept')},N,alice\n`);
    const [, kept] = await overlapping(world, order('kept'), () => undo(first.id));
    expect(await outcomeOf(kept as never)).toEqual(['kept']);
    expect(await byRef(k('kept'))).toHaveLength(1);

    const second = await imports.run(`externalRef,name,owner\n${k('gone')},N,alice\n`);
    const [gone] = await overlapping(world, () => undo(second.id), order('gone'));
    expect(await outcomeOf(gone as never)).toEqual(['taken back']);
    expect((await readAs(world, `/orders/unmatched?key=${k('O gone')}`)).items).toHaveLength(1);
  });
});

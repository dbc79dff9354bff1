import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ContactAdded, ContactRemoved, ContactUpdated } from '#contracts';
import { v7 } from 'uuid';
import { type Json, ownKeys, readAs, startWorld, type World } from './customer.fixture.js';
import { Imports } from './import.fixture.js';

let world: World;
let imports: Imports;
beforeAll(async () => {
  world = await startWorld();
  imports = new Imports(world, '/contacts/imports');
});
afterAll(() => world?.service.stop());

const HEAD = 'customer,name,gender,position,officePhone,mobile,email,birthday,isPrimary,tags,remarks';
const make = async (name: string, over: object = {}): Promise<Json> =>
  (
    await world.service
      .as(world.alice)
      .post('/api/v1/customers')
      .send({ name, ...over })
      .expect(201)
  ).body as Json;
const contactsOf = async ({ id }: Json): Promise<Json[]> =>
  (await readAs(world, `/customers/${id}/contacts`)).items as Json[];

describe('CUS-3: an import of contacts', () => {
  it('adds each to the customer of its number or external reference, and names what it refuses', async () => {
    const k = ownKeys();
    const [one, two] = [await make(k('One')), await make(k('Two'), { externalRef: k('REF') })];
    const file = [
      HEAD,
      `${one.code},张三,女,采购,021-1,138,zs@a.example,1990/5/6,是,vip,"line\nbreak"`,
      `${(two.code as string).toLowerCase()},Ann,female,,,,,1990-05-06,no,,`,
      `${k('REF')},Bob,,,,,,,,,`,
      `CUS-999999,Nobody,,,,,,,,,`,
      `${one.code},Bad,unknown,,x,,mail,2026-02-30,maybe,,`,
      `,,,,,,,,,,x`,
    ].join('\n');
    const job = await imports.run(file);
    expect(job).toMatchObject({ kind: 'contact-import', status: 'succeeded', processed: 6, failed: 3 });
    const errors = await imports.rows(job, 'errors');
    expect(errors.map(({ line, field }) => [line, field])).toEqual([
      ['6', 'customer'],
      ['7', 'gender; officePhone; email; birthday; isPrimary'],
      ['8', 'customer; name'],
    ]);
    expect(await contactsOf(one)).toMatchObject([
      {
        name: '张三',
        gender: 'female',
        position: '采购',
        officePhone: '021-1',
        mobile: '138',
        email: 'zs@a.example',
        birthday: '1990-05-06',
        isPrimary: true,
        tags: ['vip'],
        remarks: 'line\nbreak',
      },
    ]);
    expect((await contactsOf(two)).map(({ name, isPrimary }) => [name, isPrimary])).toEqual([
      ['Ann', false],
      ['Bob', false],
    ]);
    await world.service.events.published(ContactAdded.type, ({ data }) => (data as Json).name === '张三');
    expect((await readAs(world, `/customers?q=${encodeURIComponent('张三')}`)).items).toMatchObject([{ id: one.id }]);
    const acts = await world.service.query(
      `SELECT details FROM customer_history WHERE customer_id = $1 AND act = 'contact-added'`,
      [one.id],
    );
    expect(acts).toMatchObject([{ details: { name: '张三', jobId: job.id } }]);
  });

  it('adds nobody twice, and makes one the primary contact as a person would', async () => {
    const k = ownKeys();
    const customer = await make(k('C'));
    const { service, alice } = world;
    await service
      .as(alice)
      .post(`/api/v1/customers/${customer.id}/contacts`)
      .send({ name: 'Old', isPrimary: true })
      .expect(201);
    const file = `${HEAD}\n${customer.code},Ann,,,1,,,,1,,\n${customer.code},Bob,,,2,,,,1,,\n${customer.code},Bob,,,2,,,,1,,\n`;
    const once = await imports.run(file);
    expect((await imports.rows(once, 'result')).map(({ outcome }) => outcome)).toEqual([
      'created',
      'created',
      'known already',
    ]);
    const twice = await imports.run(file);
    expect(new Set((await imports.rows(twice, 'result')).map(({ outcome }) => outcome))).toEqual(
      new Set(['known already']),
    );
    expect((await contactsOf(customer)).map(({ name, isPrimary }) => [name, isPrimary])).toEqual([
      ['Old', false],
      ['Ann', false],
      ['Bob', true],
    ]);
    await service.events.published(ContactUpdated.type, ({ data }) => (data as Json).name === 'Old');

    // The import's own edits of its rows are nobody's, and who was the primary contact before is so again.
    const undo = await imports.undo(once);
    expect((await imports.rows(undo, 'result')).map(({ outcome }) => outcome)).toEqual(['taken back', 'taken back']);
    expect((await contactsOf(customer)).map(({ name, isPrimary }) => [name, isPrimary])).toEqual([['Old', true]]);
  });

  it('its undo knows its own edits, also where the primary contact changed from chunk to chunk', async () => {
    const k = ownKeys();
    const customer = await make(k('C'));
    const other = await make(k('D'));
    const fill = Array.from({ length: 700 }, (_, n) => `${other.code},Fill ${n},\n`).join('');
    const job = await imports.run(`customer,name,isPrimary\n${customer.code},Ann,1\n${fill}${customer.code},Bob,1\n`);
    expect((await contactsOf(customer)).map(({ name, isPrimary }) => [name, isPrimary])).toEqual([
      ['Ann', false],
      ['Bob', true],
    ]);
    const undo = await imports.undo(job);
    expect(undo).toMatchObject({ status: 'succeeded', processed: 702 });
    expect(new Set((await imports.rows(undo, 'result')).map(({ outcome }) => outcome))).toEqual(
      new Set(['taken back']),
    );
    expect(await contactsOf(customer)).toEqual([]);
  });

  it('holds to the rights of who imports', async () => {
    const k = ownKeys();
    const [mine, hers] = [await make(k('Mine')), await make(k('Hers'))];
    await world.service.query('UPDATE customer SET owner_id = $1 WHERE id = $2', [world.bob.id, mine.id]);
    await imports.send(HEAD, world.bob).expect(403);
    const bob = { ...world.bob, rights: { ...world.bob.rights, 'customer.import': 'all' as const } };
    const file = `customer,name\n${mine.code},Ann\n${hers.code},Ann\n`;
    const job = await imports.run(file, bob);
    expect(await imports.rows(job, 'errors', bob)).toMatchObject([
      { line: '3', field: 'customer', reason: expect.stringContaining('contact.write') },
    ]);
    const blind = { ...bob, id: v7(), rights: { ...bob.rights, 'customer.read': 'own' as const } };
    const unseen = await imports.run(file, blind);
    expect((await imports.rows(unseen, 'errors', blind)).map(({ reason }) => reason)).toEqual(
      Array(2).fill('no customer has this number or external reference'),
    );
  });

  it('its undo removes whom nobody touched since', async () => {
    const k = ownKeys();
    const [customer, gone] = [await make(k('C')), await make(k('Gone'))];
    const lines = ['Ann', 'Bob', 'Cid'].map((name) => `${customer.code},${name}\n`).join('');
    const job = await imports.run(`customer,name\n${lines}${gone.code},Dan\n`);
    const [, bob, cid] = (await contactsOf(customer)) as [Json, Json, Json];
    const { service, alice, manager } = world;
    const path = `/api/v1/customers/${customer.id}/contacts`;
    await service.as(alice).patch(`${path}/${bob.id}`).send({ mobile: '1' }).expect(200);
    await service.as(alice).delete(`${path}/${cid.id}`).expect(204);
    await service.as(manager).delete(`/api/v1/customers/${gone.id}`).expect(204);
    const undo = await imports.undo(job);
    expect((await imports.rows(undo, 'result')).map((row) => [row.outcome, row['what happened to it since']])).toEqual([
      ['taken back', ''],
      ['kept', 'contact edited'],
      ['kept', 'contact removed'],
      ['kept', 'deleted'],
    ]);
    expect((await contactsOf(customer)).map(({ name }) => name)).toEqual(['Bob']);
    await service.events.published(ContactRemoved.type, ({ data }) => (data as Json).name === 'Ann');
    expect((await readAs(world, `/customers?q=Ann&code=${customer.code}`)).items).toEqual([]);
  });
});

import { ActivityChanges, ActivityInput, ContactChanges, ContactInput, ROUTES } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v7 } from 'uuid';
import { startWorld, type Json, type World } from './customer.fixture.js';

let world: World;
let customer: string;
let contact: string;
let activity: string;
beforeAll(async () => {
  world = await startWorld();
  customer = (await as().post('/api/v1/customers').send({ name: 'ACME' }).expect(201)).body.id;
  const path = `/api/v1/customers/${customer}`;
  contact = (await as().post(`${path}/contacts`).send({ name: 'Ann' }).expect(201)).body.id;
  activity = (await as().post(`${path}/activities`).send(VISIT).expect(201)).body.id;
});
afterAll(() => world?.service.stop());

const VISIT = { date: '2026-03-05', kind: 'visit', summary: 'Shown around' };
const as = () => world.service.as(world.alice);

const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '🏭',
    '\u202eevil',
    '𝕏'.repeat(60),
    'x'.repeat(6000),
    '=1+1',
    '%_\\',
    "';--",
    '2026-02-30',
    '0000-01-01',
    '9999-12-31',
    '2026-3-5',
    'infinity',
    'NaN',
    '1e400',
    'null',
    'true',
    0,
    -1,
    1.5,
    1e308,
    2 ** 53,
    true,
    false,
    null,
    [],
    {},
    [[]],
    ['x'],
    [null],
    { $gt: 1 },
    { toString: 'x' },
    'visit',
    'call',
    v7(),
    '00000000-0000-0000-0000-000000000000',
    '1980-05-01',
    '139',
    'a@b.cn',
    'female',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const bodyOf = (fields: readonly string[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.dictionary(fc.constantFrom(...fields, '__proto__', 'constructor', 'id', 'x'), nasty, {
        maxKeys: 6,
      }),
    },
    { weight: 1, arbitrary: nasty },
  );
const shape = (schema: { shape: object }) => Object.keys(schema.shape);

const SENT = [
  ['POST', 'contacts', () => '', shape(ContactInput), ContactInput, { name: 'Ann' }],
  ['PATCH', 'contacts', () => `/${contact}`, shape(ContactChanges), ContactChanges, {}],
  ['POST', 'activities', () => '', shape(ActivityInput), ActivityInput, VISIT],
  ['PATCH', 'activities', () => `/${activity}`, shape(ActivityChanges), ActivityChanges, {}],
] as const;

describe('Whatever is sent', () => {
  it.each(SENT)(
    'ALL-1: %s to %s is refused naming the field, or stored as it came',
    async (method, list, tail, fields, schema, least) => {
      const path = () => `/api/v1/customers/${customer}/${list}${tail()}`;
      await fc.assert(
        fc.asyncProperty(bodyOf(fields), fc.boolean(), async (body, complete) => {
          const sent: unknown = complete && isObject(body) ? { ...least, ...body } : body;
          const agent = as();
          const request = method === 'POST' ? agent.post(path()) : agent.patch(path());
          const { status, body: answer } = await request
            .set('content-type', 'application/json')
            .send(JSON.stringify(sent));
          expect([200, 201, 400, 422]).toContain(status);
          if (status === 400) {
            expect(answer.type).toMatch(/^\/problems\/(validation-failed|malformed-request)$/);
            if (answer.type.endsWith('validation-failed')) expect(answer.errors[0].message).toBeTruthy();
            return;
          }
          // What the schema refuses is never let in.
          expect(schema.safeParse(JSON.parse(JSON.stringify(sent))).success).toBe(true);
          if (status === 422) {
            expect(['kind', 'contactId']).toContain(answer.errors[0].path);
            return;
          }
          for (const [field, value] of Object.entries(sent as Json))
            expect({ field, value: answer[field] }).toEqual({
              field,
              value: field.endsWith('Id') && value ? value.toLowerCase() : value,
            });
          const read = await as()
            .get(method === 'POST' ? `${path()}/${answer.id}` : path())
            .expect(200);
          expect(read.body).toEqual(answer);
        }),
        { numRuns: 60 },
      );
    },
    60_000,
  );

  const LISTS = ROUTES.filter(
    (route) =>
      route.list &&
      /^\/(customers|contacts|activities)(\/export|\/:id\/(contacts|activities|timeline))?$/.test(route.path),
  ).map((route) => [route.path, route] as const);

  it('api: looks at every list of customers', () => expect(LISTS).toHaveLength(9));

  it.each(LISTS)(
    'ALL-1: GET %s answers any query, or refuses it naming what is wrong',
    async (path, route) => {
      const names = [
        ...Object.keys(route.list!.filters),
        'q',
        'sort',
        'limit',
        'cursor',
        'count',
        'format',
        'codes',
        'x',
      ];
      const operator = fc.constantFrom('', '', '', '[gte]', '[lt]', '[eq]', '[]');
      const value = fc.oneof(
        fc.constantFrom(
          '',
          ',',
          'a,b',
          '%',
          '\\',
          "'",
          '\u0000',
          '🏭',
          '上海',
          '2026-02-30',
          '2026-01-01',
          '0001-01-01',
          'infinity',
          '1e400',
          '-1',
          '3',
          '99999999999',
          'true',
          'true,false',
          v7(),
          'x'.repeat(301),
          'é'.repeat(100),
          '-createdAt',
          'name',
          Buffer.from(JSON.stringify(['x', 'y', 'z'])).toString('base64url'),
        ),
        fc.string({ unit: 'grapheme', maxLength: 20 }),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.constantFrom(...names), operator, value), { minLength: 1, maxLength: 4 }),
          async (parameters) => {
            const query = parameters.map(
              ([name, sign, text]) => `${encodeURIComponent(name + sign)}=${encodeURIComponent(text)}`,
            );
            const answer = await world.service
              .as(world.manager)
              .get(`/api/v1${path.replace(':id', customer)}?${query.join('&')}`)
              .buffer(true);
            expect([200, 400]).toContain(answer.status);
            if (answer.status === 400)
              expect(answer.body.type).toMatch(/^\/problems\/(validation-failed|invalid-cursor)$/);
          },
        ),
        { numRuns: 50 },
      );
    },
    60_000,
  );

  it('ALL-1: a cursor that was edited by hand, or is from another list, is a 400', async () => {
    for (const name of ['A', 'B', 'C']) await as().post('/api/v1/customers').send({ name, level: 'key' }).expect(201);
    for (const query of [
      'level=key&sort=createdAt',
      'level=key&sort=name',
      'sort=lastOrderDate',
      'sort=level',
      'sort=code',
    ]) {
      const { body } = await as().get(`/api/v1/customers?limit=1&${query}`).expect(200);
      const [of, value, id] = JSON.parse(Buffer.from(body.nextCursor, 'base64url').toString()) as unknown[];
      const forge = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
      await as()
        .get(`/api/v1/customers?limit=1&${query}&cursor=${forge(of, value, id)}`)
        .expect(200);
      for (const cursor of [
        forge(of, value, 'x'),
        forge(of, value, 1),
        forge(of, {}, id),
        forge(of, 'x\u0000', id),
        forge('x', value, id),
        body.nextCursor.slice(1),
        '',
        'null',
      ])
        expect((await as().get(`/api/v1/customers?limit=1&${query}&cursor=${cursor}`)).status).toBe(400);
    }
    const { body } = await as().get('/api/v1/customers?limit=1').expect(200);
    const [of, , id] = JSON.parse(Buffer.from(body.nextCursor, 'base64url').toString()) as unknown[];
    const bad = Buffer.from(JSON.stringify([of, 'no time', id])).toString('base64url');
    expect((await as().get(`/api/v1/customers?limit=1&cursor=${bad}`).expect(400)).body.type).toBe(
      '/problems/invalid-cursor',
    );
  });
});

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

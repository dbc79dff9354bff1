import { MarketingRoutes, type OpportunityView } from '#contracts';
import { formatMoney } from '#platform';
import fc from 'fast-check';
import { v7 } from 'uuid';
import { type Marketing, startMarketing } from './marketing.fixture.js';

const PATH = '/api/v1/opportunities';

/** What people and programs send where something else is meant. */
const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 250 }),
  fc.constantFrom(
    '',
    ' ',
    '\t\n',
    '\u0000',
    'a\u0000b',
    '\u0007',
    '\ud800',
    'a\udc00',
    '\u200b',
    '\ufeff',
    '\u202egnp.exe',
    '👩‍👩‍👧‍👦',
    '𠮷'.repeat(100),
    '𠮷'.repeat(101),
    'x'.repeat(100_000),
    `'; DROP TABLE opportunity; --`,
    '<b>',
    '%',
    '\\',
    '1e400',
    'NaN',
    'Infinity',
    '-1',
    '-0',
    '0',
    '0.00',
    '+5',
    '5.',
    '.5',
    '05',
    '5,00',
    '5.001',
    '5.00001',
    '1000000000000000',
    '2026-02-30',
    '2026-13-01',
    '0000-01-01',
    '2026-1-1',
    '2026-01-01T00:00:00Z',
    'today',
    'true',
    'null',
    v7(),
    '__proto__',
  ),
  fc.oneof(fc.double(), fc.integer(), fc.boolean(), fc.constantFrom(null, 101, -1, 1e308, 2 ** 53)),
  fc.oneof(fc.array(fc.string(), { maxLength: 3 }), fc.object({ maxDepth: 2 })),
);
const prose = (max: number) =>
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: max / 10 }).map((text) => `a${text}`);
const day = fc
  .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((each) => each.toISOString().slice(0, 10));
/** What is meant, field by field. */
const GOOD = {
  customerName: prose(100),
  summary: prose(200),
  description: prose(2000),
  successRate: fc.integer({ min: 0, max: 100 }),
  externalId: fc.uuid(),
  source: fc.constantFrom('fair', 'web', null),
  stage: fc.constantFrom('prospecting', 'negotiation'),
  customerNeed: prose(2000),
  competitors: prose(500),
  region: fc.constantFrom('cn-31', null),
  contactName: prose(100),
  contactPhone: fc.constantFrom('021 555 01', null),
  expectedAmount: fc.constantFrom('5', '1200.5', '999999999999999', null),
  currency: fc.constantFrom('CNY', 'USD', 'JPY', 'KWD'),
  expectedCloseDate: day,
};
type Field = keyof typeof GOOD;
const FIELDS = Object.keys(GOOD) as Field[];
const field = (name: Field) =>
  fc.oneof({ weight: 1, arbitrary: GOOD[name] as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: nasty });
const required = {
  customerName: 'Blue Whale Ltd',
  summary: 'Wants 400 licences',
  description: 'Met at the fair',
  successRate: 40,
};

/** Without halves of characters, which no address can hold. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '');

/** How the API shows what was sent: an amount with the decimals of its currency, nothing as null. */
const shown = (sent: Record<string, unknown>, name: string, currency: string | null): unknown =>
  name === 'expectedAmount' && typeof sent[name] === 'string'
    ? formatMoney(sent[name], currency)
    : (sent[name] ?? null);

describe('Bad input', () => {
  let marketing: Marketing;
  let opportunity: OpportunityView;
  beforeAll(async () => {
    marketing = await startMarketing();
    opportunity = await marketing.create(marketing.people.alice, { expectedAmount: '5', currency: 'CNY' });
  });
  afterAll(() => marketing?.service.stop());
  const as = (who: keyof Marketing['people']) => marketing.service.as(marketing.people[who]);
  const stored = async () =>
    (
      await marketing.service.query<{ all: string }>(
        `SELECT md5(string_agg(o::text, '' ORDER BY id)) || (SELECT count(*) FROM plan_item) || (SELECT count(*) FROM outbox) AS all FROM opportunity o`,
      )
    )[0]!.all;

  /** A refusal is a problem that names fields which were sent, or are missing, and leaves everything as it was. */
  async function expectRefused(
    answer: { status: number; body: Record<string, unknown>; type: string },
    before: string,
  ) {
    expect(answer).toMatchObject({ type: 'application/problem+json', body: { status: answer.status } });
    expect([400, 409, 422]).toContain(answer.status);
    if (answer.body.type === '/problems/validation-failed')
      expect(answer.body.errors).toEqual(
        expect.arrayContaining([expect.objectContaining({ message: expect.any(String) })]),
      );
    expect(await stored()).toBe(before);
  }

  it('ALL-1, MKT-1: a new opportunity has every field as it was sent, or is refused and nothing of it is kept', async () => {
    let made = 0;
    const input = fc.oneof(
      fc.record(Object.fromEntries(FIELDS.map((name) => [name, GOOD[name] as fc.Arbitrary<unknown>])), {
        requiredKeys: Object.keys(required),
      }),
      fc
        .constantFrom(...FIELDS)
        .chain((name) => fc.record({ [name]: field(name) }).map((one) => ({ ...required, currency: 'CNY', ...one }))),
    );
    await fc.assert(
      fc.asyncProperty(input, async (sent: Record<string, unknown>) => {
        const before = await stored();
        const answer = await as('alice').post(PATH).send(sent);
        if (answer.status !== 201) return expectRefused(answer, before);
        made += 1;
        const { body } = await as('alice').get(`${PATH}/${answer.body.id}`).expect(200);
        for (const name of FIELDS)
          expect([name, body[name]]).toEqual([
            name,
            name === 'stage' && !sent.stage ? 'prospecting' : shown(sent, name, body.currency),
          ]);
      }),
      { numRuns: 50 },
    );
    expect(made).toBeGreaterThan(5);
  }, 60_000);

  it('ALL-1, MKT-3: an edit changes the field to what was sent and no other, or is refused', async () => {
    let made = 0;
    const edit = fc.constantFrom(...FIELDS).chain((name) => fc.tuple(fc.constant(name), field(name)));
    await fc.assert(
      fc.asyncProperty(edit, async ([name, value]) => {
        const before = await stored();
        const { body: was } = await as('alice').get(`${PATH}/${opportunity.id}`).expect(200);
        const answer = await as('alice')
          .patch(`${PATH}/${opportunity.id}`)
          .send({ [name]: value });
        if (answer.status !== 200) return expectRefused(answer, before);
        made += 1;
        const { body: is } = await as('alice').get(`${PATH}/${opportunity.id}`).expect(200);
        const { version } = is as OpportunityView;
        const currency = name === 'currency' ? (value as string) : was.currency;
        const amount = was.expectedAmount === null ? null : formatMoney(was.expectedAmount, currency);
        expect(is).toEqual({
          ...was,
          version,
          expectedAmount: amount,
          [name]: shown({ [name]: value }, name, currency),
        });
      }),
      { numRuns: 50 },
    );
    expect(made).toBeGreaterThan(5);
  }, 60_000);

  it('ALL-1: acts take what is meant, or are refused and leave everything as it was', async () => {
    const { id } = await marketing.assigned(marketing.people.manager, marketing.people.alice);
    const { body: step } = await as('alice')
      .post(`${PATH}/${id}/plan-items`)
      .send({ date: '2026-01-02', todo: 'call' })
      .expect(201);
    const acts = [
      ['manager', 'post', 'assign', ['assigneeId']],
      ['alice', 'post', 'lose', ['reason', 'closedAt']],
      ['alice', 'post', 'plan-items', ['date', 'todo', 'result']],
      ['alice', 'patch', `plan-items/${step.id}`, ['date', 'todo', 'executedAt']],
      ['alice', 'post', `plan-items/${step.id}/result`, ['result', 'date']],
      ['alice', 'post', 'win', ['closedAt']],
    ] as const;
    const act = fc.constantFrom(...acts).chain(([who, method, path, names]) =>
      // Never all that is meant, so an act that is accepted is one that took something for something else.
      fc
        .record(Object.fromEntries(names.map((name) => [name, nasty])), {
          // A win needs to say nothing.
          requiredKeys: (path === 'win' ? [...names] : []) as never[],
        })
        .map((body) => ({ who, method, path, body })),
    );
    await fc.assert(
      fc.asyncProperty(act, async ({ who, method, path, body }) => {
        const before = await stored();
        const answer = await as(who)[method](`${PATH}/${id}/${path}`).send(body);
        if (answer.status >= 400) return expectRefused(answer, before);
        // A text of any kind is a text, and no change is none; nothing else may have been taken.
        expect(path).toMatch(/^(lose|plan-items.*)$/);
        for (const [name, value] of Object.entries(body))
          expect([name, answer.body[name === 'reason' ? 'closeReason' : name]]).toEqual([name, value]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('ALL-1: bodies that no client makes by itself are refused', async () => {
    const before = await stored();
    const json = JSON.stringify(required).slice(0, -1);
    for (const more of [
      '"__proto__":{"status":"won"}',
      '"constructor":{"prototype":{"a":1}}',
      '"expectedAmount":1e400',
      '"successRate":1e400',
      '"expectedAmount":NaN',
      '"summary":"x"x',
    ])
      await expectRefused(
        await as('alice').post(PATH).set('content-type', 'application/json').send(`${json},${more}}`),
        before,
      );
  });

  it('MKT-8, ALL-1: any query of the list is answered or refused, with an edited cursor too', async () => {
    const { filters, sorts } = MarketingRoutes.listOpportunities.list;
    const names = Object.keys(filters).flatMap((name) => [name, `${name}[gte]`, `${name}[lt]`, `${name}[x]`]);
    const text = fc
      .oneof(nasty.map(String), fc.string({ unit: 'binary', maxLength: 20 }))
      .map((value) => wellFormed(value.slice(0, 500)));
    const query = fc.record({
      filter: fc.tuple(fc.constantFrom(...names, 'limit', 'cursor', 'sort', 'count', 'q', '__proto__', 'id'), text),
      sort: fc.constantFrom(...sorts),
      edit: fc.option(fc.tuple(fc.nat(200), fc.string({ minLength: 1, maxLength: 1 }))),
      value: text,
    });
    await fc.assert(
      fc.asyncProperty(query, async ({ filter: [name, value], sort, edit, value: after }) => {
        const { status, body, type } = await as('manager')
          .get(PATH)
          .query({ [name]: value });
        expect([200, 400]).toContain(status);
        if (status === 400)
          expect({ type, errors: body.errors ?? [{}] }).toMatchObject({
            type: 'application/problem+json',
            errors: [{}],
          });
        const { body: page } = await as('manager').get(`${PATH}?limit=1&sort=${sort}`).expect(200);
        if (!page.nextCursor) return;
        const [fingerprint, , id] = JSON.parse(
          Buffer.from(page.nextCursor as string, 'base64url').toString(),
        ) as string[];
        const forged = Buffer.from(JSON.stringify([fingerprint, after, id])).toString('base64url');
        const bent = edit ? page.nextCursor.slice(0, edit[0]) + edit[1] + page.nextCursor.slice(edit[0]) : 'x';
        for (const cursor of [forged, bent]) {
          const answer = await as('manager').get(PATH).query({ limit: 1, sort, cursor });
          expect([200, 400]).toContain(answer.status);
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it('api: an id that is none is nobody’s', async () => {
    const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((text) => /[^./]/.test(text));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(id, fc.constantFrom('OPP-0', '%00', 'opp-１', 'null', '9'.repeat(200))),
        async (text) => {
          const answer = await as('manager').get(`${PATH}/${encodeURIComponent(wellFormed(text))}`);
          expect(answer).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);
});

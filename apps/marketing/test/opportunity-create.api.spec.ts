import { DictionaryEntryUpdated, OpportunityCreated } from '#contracts';
import { v7 } from 'uuid';
import { type Marketing, startMarketing } from './marketing.fixture.js';

const PATH = '/api/v1/opportunities';
const body = {
  customerName: 'Blue Whale Ltd',
  summary: 'Wants 400 licences',
  description: 'Met at the fair',
  successRate: 40,
};

describe('New opportunities', () => {
  let marketing: Marketing;
  beforeAll(async () => {
    marketing = await startMarketing();
  });
  afterAll(() => marketing?.service.stop());
  const as = (who: keyof Marketing['people']) => marketing.service.as(marketing.people[who]);

  it('MKT-1: answers 201 with every field, code, Location and ETag, and says so as an event', async () => {
    const whole = {
      ...body,
      stage: 'qualification',
      source: 'fair',
      customerNeed: 'Fewer clicks',
      competitors: 'Green Whale',
      region: 'cn-31',
      contactName: 'Ann',
      contactPhone: '+86 (021) 555-01 ext.3#',
      expectedAmount: '1200.5',
      currency: 'CNY',
      expectedCloseDate: '2027-02-28',
      externalId: 'ERP/4711',
    };
    const { body: made, headers } = await as('alice').post(PATH).send(whole).expect(201);
    expect(made).toEqual({
      ...whole,
      expectedAmount: '1200.50',
      id: expect.any(String),
      code: expect.stringMatching(/^OPP-\d{6}$/),
      status: 'unassigned',
      creatorId: marketing.people.alice.id,
      createdAt: expect.any(String),
      assigneeId: null,
      assignedAt: null,
      closedAt: null,
      closeReason: null,
      customerId: null,
      version: 1,
    });
    expect(Math.abs(Date.parse(made.createdAt) - Date.now())).toBeLessThan(60_000);
    expect(headers).toMatchObject({ etag: '"1"', location: `${PATH}/${made.id}` });
    const event = await marketing.service.events.published(
      OpportunityCreated.type,
      ({ subject }) => subject === made.id,
    );
    const { id, version: _version, ...facts } = made;
    expect(event).toMatchObject({ sequence: 1, actorid: marketing.people.alice.id });
    expect(event.data).toEqual({ opportunityId: id, ...facts });
    const read = await as('alice').get(`${PATH}/${made.id}`).expect(200);
    expect(read.body).toEqual(made);
    expect(read.headers.etag).toBe('"1"');
    const next = await marketing.create(marketing.people.alice);
    expect(Number(next.code.slice(4))).toBe(Number(made.code.slice(4)) + 1);
  });

  it('MKT-1: begins in the first stage that can be chosen', async () => {
    const { service, create, people } = marketing;
    const entries = await service.query<{ id: string; code: string }>(
      `SELECT id, code FROM dictionary_entry WHERE type = 'opportunity_stage' ORDER BY sort_order`,
    );
    const [{ id: entryId, code }] = entries as [{ id: string; code: string }];
    const entry = {
      entryId,
      type: 'opportunity_stage',
      code,
      label: { zh: code, en: code },
      order: 0,
      editable: true,
    };
    expect((await create(people.alice)).stage).toBe('prospecting');
    await service.deliver(DictionaryEntryUpdated.of(entryId, { ...entry, active: false }));
    expect((await create(people.alice)).stage).toBe('qualification');
    await service.deliver(DictionaryEntryUpdated.of(entryId, { ...entry, active: true }));
    expect((await create(people.alice)).stage).toBe('prospecting');
  });

  it('MKT-1, ALL-7: an amount has the decimals of its currency', async () => {
    for (const [expectedAmount, currency, shown] of [
      ['1000', 'JPY', '1000'],
      ['0.001', 'KWD', '0.001'],
      ['999999999999999.99', 'CNY', '999999999999999.99'],
      [null, 'CNY', null],
    ])
      expect(await marketing.create(marketing.people.alice, { expectedAmount, currency })).toMatchObject({
        expectedAmount: shown,
        currency,
      });
  });

  it('MKT-9: what another system calls it is unique', async () => {
    const { id } = await marketing.create(marketing.people.alice, { externalId: 'ERP-1' });
    const answer = await as('bob')
      .post(PATH)
      .send({ ...body, externalId: 'ERP-1' })
      .expect(409);
    expect(answer.body).toMatchObject({ type: '/problems/already-exists', errors: [{ path: 'externalId' }] });
    await as('alice').delete(`${PATH}/${id}`).expect(204);
    await marketing.create(marketing.people.bob, { externalId: 'ERP-1' });
  });

  it.each([
    ['a missing description', { description: undefined }, 'description'],
    ['a blank name', { customerName: '  ' }, 'customerName'],
    ['a name of 101 characters', { customerName: 'x'.repeat(101) }, 'customerName'],
    ['a rate over 100', { successRate: 101 }, 'successRate'],
    ['a rate below 0', { successRate: -1 }, 'successRate'],
    ['half a per cent', { successRate: 0.5 }, 'successRate'],
    ['a summary of 201 characters', { summary: 'x'.repeat(201) }, 'summary'],
    ['a description of 2001 characters', { description: 'x'.repeat(2001) }, 'description'],
    ['a day that does not exist', { expectedCloseDate: '2027-02-29' }, 'expectedCloseDate'],
    ['letters as a phone', { contactPhone: 'call me' }, 'contactPhone'],
    ['an amount of 0', { expectedAmount: '0.00', currency: 'CNY' }, 'expectedAmount'],
    ['a negative amount', { expectedAmount: '-1', currency: 'CNY' }, 'expectedAmount'],
    ['an amount as a number', { expectedAmount: 5, currency: 'CNY' }, 'expectedAmount'],
    ['decimals of a yen', { expectedAmount: '5.0', currency: 'JPY' }, 'expectedAmount'],
    ['a currency that is none', { expectedAmount: '5', currency: 'RMB' }, 'currency'],
    ['an amount without a currency', { expectedAmount: '5' }, 'currency'],
    ['an amount with too many decimals', { expectedAmount: '5.001', currency: 'CNY' }, 'expectedAmount'],
    ['a creator', { creatorId: v7() }, 'creatorId'],
    ['a time of creation', { createdAt: '2020-01-01T00:00:00Z' }, 'createdAt'],
    ['a status', { status: 'won' }, 'status'],
  ])('MKT-1, ALL-1: refuses %s, naming the field', async (_, more, path) => {
    const answer = await as('alice')
      .post(PATH)
      .send({ ...body, ...more })
      .expect(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ type: '/problems/validation-failed', status: 400, errors: [{ path }] });
  });

  it.each([
    ['stage', { stage: 'nonsense' }],
    ['source', { source: 'retired' }],
    ['region', { region: 'cn-99' }],
  ])('DIC-3: refuses a %s that is no active entry', async (field, more) => {
    const answer = await as('alice')
      .post(PATH)
      .send({ ...body, ...more })
      .expect(422);
    expect(answer.body).toMatchObject({ type: '/problems/unknown-dictionary-code', errors: [{ path: field }] });
  });

  it('AUT-6: needs the right', async () => {
    await as('executive').post(PATH).send(body).expect(403);
    await as('executive').get(PATH).expect(403);
  });

  it('ALL-3: the same Idempotency-Key makes one opportunity', async () => {
    const key = v7();
    const first = await as('alice').post(PATH).set('Idempotency-Key', key).send(body).expect(201);
    const again = await as('alice').post(PATH).set('Idempotency-Key', key).send(body).expect(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.location).toBe(first.headers.location);
    await as('alice')
      .post(PATH)
      .set('Idempotency-Key', key)
      .send({ ...body, summary: 'other' })
      .expect(422);
  });
});

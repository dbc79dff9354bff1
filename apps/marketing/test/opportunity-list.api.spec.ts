import { CustomerOpportunityLinked, MarketingRoutes, type OpportunityView } from '#contracts';
import { v7 } from 'uuid';
import { type Marketing, startMarketing } from './marketing.fixture.js';

const PATH = '/api/v1/opportunities';
const CUSTOMER = v7();
const SORTS = MarketingRoutes.listOpportunities.list.sorts;

describe('Lists of opportunities', () => {
  let marketing: Marketing;
  let whale: OpportunityView;
  let jingmao: OpportunityView;
  let steel: OpportunityView;
  let won: OpportunityView;
  beforeAll(async () => {
    marketing = await startMarketing();
    const { manager, mia, alice, bob } = marketing.people;
    whale = await marketing.create(manager, {
      customerName: 'Blue Whale Ltd',
      successRate: 10,
      source: 'fair',
      contactPhone: '021-555 01',
      region: 'cn-31',
      externalId: 'ERP-1',
    });
    jingmao = await marketing.assigned(mia, alice, {
      customerName: '北京华贸(集团)有限公司',
      summary: '年度合同 100%',
      successRate: 60,
      expectedAmount: '1000',
      currency: 'CNY',
      expectedCloseDate: '2027-03-31',
      contactName: '王小明',
    });
    steel = await marketing.create(alice, {
      customerName: 'ACME Steel',
      stage: 'proposal',
      successRate: 60,
      expectedAmount: '99.5',
      currency: 'USD',
    });
    won = await marketing.won(manager, bob, {
      customerName: 'Blue Steel',
      successRate: 90,
      expectedAmount: '20000',
      currency: 'CNY',
    });
    await marketing.service.deliver(
      CustomerOpportunityLinked.of(CUSTOMER, { customerId: CUSTOMER, opportunityId: won.id }),
    );
    won = (await list('status=won')).items[0]!;
  });
  afterAll(() => marketing?.service.stop());

  const list = async (query: string, who: keyof Marketing['people'] = 'manager') => {
    const { body } = await marketing.service.as(marketing.people[who]).get(`${PATH}?${query}`).expect(200);
    return body as { items: OpportunityView[]; nextCursor: string | null; total?: number };
  };
  const names = async (query: string, who?: keyof Marketing['people']) =>
    (await list(query, who)).items.map((item) => item.customerName);
  const encoded = (name: string, value: string) => `${name}=${encodeURIComponent(value)}`;

  it('MKT-8: shows the newest first, as the details do', async () => {
    const { items, nextCursor } = await list('');
    expect(items.map(({ id }) => id)).toEqual([won.id, steel.id, jingmao.id, whale.id]);
    expect(nextCursor).toBeNull();
    expect(items[2]).toEqual(jingmao);
  });

  it('MKT-8: filters by status, stage, source, region, people, codes, name, rate, amount, customer and dates', async () => {
    const { alice, mia } = marketing.people;
    const cases: [string, OpportunityView[]][] = [
      ['status=unassigned', [steel, whale]],
      ['status=won,assigned', [won, jingmao]],
      ['stage=proposal', [steel]],
      ['source=fair', [whale]],
      [`assigneeId=${alice.id}`, [jingmao]],
      [`creatorId=${mia.id}`, [jingmao]],
      [encoded('customerName', 'blue'), [won, whale]],
      [encoded('customerName', '华贸'), [jingmao]],
      [encoded('customerName', 'ue w'), [whale]],
      [encoded('customerName', '%'), []],
      ['successRate=60', [steel, jingmao]],
      ['successRate[gt]=10&successRate[lte]=60', [steel, jingmao]],
      ['expectedAmount[gte]=100', [won, jingmao]],
      ['expectedAmount[lt]=1000', [steel]],
      ['expectedAmount=1000', [jingmao]],
      ['currency=USD', [steel]],
      [`code=${whale.code},${won.code}`, [won, whale]],
      ['externalId=ERP-1', [whale]],
      ['region=cn-31', [whale]],
      [`customerId=${CUSTOMER}`, [won]],
      ['assignedAt[gte]=2020-01-01', [won, jingmao]],
      ['closedAt[lte]=9999-12-31', [won]],
      ['expectedCloseDate[gte]=2020-01-01', [jingmao]],
      ['expectedAmount[lt]=99999', [won, steel, jingmao]],
      ['expectedCloseDate[lte]=2027-03-31', [jingmao]],
      [encoded('createdAt[gt]', jingmao.createdAt), [won, steel]],
      [encoded('createdAt[lt]', jingmao.createdAt), [whale]],
      [encoded('assignedAt[lte]', jingmao.assignedAt!), [jingmao]],
      [encoded('closedAt[gte]', won.closedAt!), [won]],
      ['closedAt[lt]=2020-01-01', []],
      ['status=unassigned&stage=proposal&successRate=60', [steel]],
    ];
    for (const [query, expected] of cases)
      expect([query, await names(query)]).toEqual([query, expected.map((each) => each.customerName)]);
  });

  it.each([
    ['blue whale', ['Blue Whale Ltd']],
    ['BLUEWHALE', ['Blue Whale Ltd']],
    ['blue whale', ['Blue Whale Ltd']],
    ['贸(集', ['北京华贸(集团)有限公司']],
    ['华贸', ['北京华贸(集团)有限公司']],
    ['贸', ['北京华贸(集团)有限公司']],
    ['王小明', ['北京华贸(集团)有限公司']],
    ['100%', ['北京华贸(集团)有限公司']],
    ['10_%', []],
    ['02155501', ['Blue Whale Ltd']],
    ['steel', ['Blue Steel', 'ACME Steel']],
    ['ltdwants', []],
  ])('MKT-8: q finds "%s" literally, whatever case, width, spaces and hyphens', async (q, expected) => {
    expect(await names(encoded('q', q))).toEqual(expected);
  });

  it('MKT-8: q finds a code', async () => {
    expect(await names(encoded('q', whale.code.toLowerCase()))).toEqual(['Blue Whale Ltd']);
    expect(await names(encoded('q', `${steel.code.slice(0, 3)} ${steel.code.slice(4)}`))).toEqual(['ACME Steel']);
  });

  it('MKT-8: sorts by each field in both directions; without an amount or an instant is least, without a day last', async () => {
    expect(await names('sort=successRate')).toEqual([
      'Blue Whale Ltd',
      '北京华贸(集团)有限公司',
      'ACME Steel',
      'Blue Steel',
    ]);
    expect(await names('sort=-expectedAmount')).toEqual([
      'Blue Steel',
      '北京华贸(集团)有限公司',
      'ACME Steel',
      'Blue Whale Ltd',
    ]);
    expect((await names('sort=-assignedAt')).slice(0, 2)).toEqual(['Blue Steel', '北京华贸(集团)有限公司']);
    expect((await names('sort=-closedAt'))[0]).toBe('Blue Steel');
    expect((await names('sort=expectedCloseDate'))[0]).toBe('北京华贸(集团)有限公司');
    for (const sort of SORTS) expect(await names(`sort=${sort}`)).toEqual((await names(`sort=-${sort}`)).toReversed());
  });

  it.each(SORTS.flatMap((sort) => [sort, `-${sort}`]))('MKT-8: pages by cursor through sort=%s', async (sort) => {
    const whole = (await list(`sort=${sort}`)).items;
    const seen: OpportunityView[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof list>> = await list(
        `sort=${sort}&limit=1&count=true${cursor && `&cursor=${cursor}`}`,
      );
      expect(page.total).toBe(4);
      seen.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(whole);
  });

  it('MKT-3, AUT-6: shows an account manager their own only, in lists, counts and searches', async () => {
    expect((await list('count=true', 'alice')).total).toBe(2);
    expect(await names('q=blue', 'alice')).toEqual([]);
    expect(await names('', 'alice')).toEqual(['ACME Steel', '北京华贸(集团)有限公司']);
    expect(await names('', 'bob')).toEqual(['Blue Steel']);
  });

  it.each([
    'nonsense=1',
    'sort=nonsense',
    'limit=0',
    'limit=201',
    'successRate=many',
    'successRate=60.5',
    'successRate[gte]=0.5',
    'createdAt[gte]=yesterday',
    'status[gte]=won',
    'cursor=nonsense',
  ])('refuses ?%s', async (query) => {
    await marketing.service.as(marketing.people.manager).get(`${PATH}?${query}`).expect(400);
  });
});

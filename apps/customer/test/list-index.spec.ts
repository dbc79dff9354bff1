import { ACTIVITY_LIST, CONTACT_LIST, CustomerRoutes } from '#contracts';
import type { ListQuery } from '#platform';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { ActivityQueries } from '../src/activity/activity.queries.js';
import { ContactQueries } from '../src/contact/contact.queries.js';
import { CustomerQueries } from '../src/customer/customer.queries.js';
import { KNOWN_CUSTOMERS } from '../src/import/customer-writer.js';
import { startWorld, type Json, type World } from './customer.fixture.js';
import { growTables, IDLE, NOBODY, OLD, owner, RARE, ROWS } from './many-customers.fixture.js';

/** More than this of a table no page may read: the rows of one rare value, and a page of others. */
const MOST_READ = OLD + 1000;
const DAY = '2026-01-01';

let world: World;
let somebody: { customer: string; contact: string };
beforeAll(async () => {
  world = await startWorld();
  await growTables(world);
  const [row] = await world.service.query<{ customer: string; contact: string }>(
    `SELECT customer_id AS customer, contact_id AS contact FROM activity WHERE contact_id IS NOT NULL LIMIT 1`,
  );
  somebody = row!;
}, 120_000);
afterAll(() => world?.service.stop());

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Plan[];
}
const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];
/** Rows of the tables that a node looked at. */
const readBy = (node: Plan): number =>
  (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
  node['Actual Loops'];

const READ = {
  customers: (db: DataSource, query: ListQuery) => new CustomerQueries(db).list(query, world.manager),
  contacts: (db: DataSource, query: ListQuery) => new ContactQueries(db).all(query, world.manager),
  activities: (db: DataSource, query: ListQuery) => new ActivityQueries(db).list(query, world.manager),
};
type List = keyof typeof READ;
const DEFAULT_SORT: Record<List, string> = { customers: 'createdAt', contacts: 'createdAt', activities: 'date' };

const FIRST_PAGE: ListQuery = {
  conditions: [],
  sort: 'createdAt',
  descending: true,
  limit: 50,
  count: false,
  fingerprint: '',
};

/** What PostgreSQL did for a request: it runs, and is not guessed at. */
async function work(list: List, query: Partial<ListQuery>): Promise<{ scans: string[]; read: number }> {
  const plans: Plan[] = [];
  const pool = {
    query: async ({ text, values }: { text: string; values: unknown[] }) => {
      // The regions below one are looked up in the dictionary, which is small.
      if (text.includes('dictionary_entry')) return { rows: await world.service.query(text, values) };
      const [row] = await world.service.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
        values,
      );
      plans.push(row!['QUERY PLAN'][0].Plan);
      return { rows: [] };
    },
  };
  const explain = { manager: { dataSource: { driver: { master: pool } } } } as unknown as DataSource;
  await READ[list](explain, { ...FIRST_PAGE, sort: DEFAULT_SORT[list], ...query });
  const all = plans.flatMap(nodes);
  return {
    scans: all.filter((node) => node['Node Type'].includes('Seq Scan')).map((node) => node['Relation Name'] ?? ''),
    read: Math.max(...all.map(readBy)),
  };
}

async function expectLittle(list: List, query: Partial<ListQuery>): Promise<void> {
  const { scans, read } = await work(list, query);
  expect({ list, query, scans, read: read <= MOST_READ || read }).toEqual({ list, query, scans: [], read: true });
}

const is = (field: string, ...values: (string | number | boolean)[]): ListQuery['conditions'] => [
  { field, operator: 'in', values },
];
const from = (field: string, value: string): ListQuery['conditions'] => [{ field, operator: '>=', values: [value] }];
const below = (field: string, value: string): ListQuery['conditions'] => [{ field, operator: '<', values: [value] }];
type Cases = readonly (() => ListQuery['conditions'])[];

/** For each filter: a value of the oldest alone, one that nobody has, and one that most have. */
const CUSTOMERS: Record<keyof typeof CustomerRoutes.listCustomers.list.filters, Cases> = {
  code: [() => is('code', 'CUS-1000001')],
  status: [() => is('status', 'lost'), () => is('status', 'at_risk'), () => is('status', 'active', 'lost')],
  ownerId: [() => is('ownerId', IDLE), () => is('ownerId', NOBODY), () => is('ownerId', owner(2))],
  // Regions without others below them: of several values PostgreSQL takes the rows to be spread evenly over time.
  region: [() => is('region', 'usa'), () => is('region', 'shanghai', 'usa')],
  level: [() => is('level', 'key'), () => is('level', 'partner'), () => is('level', 'standard')],
  satisfaction: [() => is('satisfaction', 1), () => is('satisfaction', 3), () => from('satisfaction', '4')],
  credit: [() => is('credit', 1), () => is('credit', 5), () => from('credit', '2')],
  industry: [() => is('industry', 'energy'), () => is('industry', 'food')],
  nature: [() => is('nature', 'foreign'), () => is('nature', 'other')],
  type: [() => is('type', 'limited'), () => is('type', 'other')],
  externalRef: [() => is('externalRef', 'REF-1'), () => is('externalRef', 'X')],
  name: [() => [{ field: 'name', operator: 'contains', values: ['Company 777'] }]],
  tags: [() => is('tags', 'vip'), () => is('tags', 'vip', 'x'), () => is('tags', 'x')],
  createdAt: [() => below('createdAt', '2020-01-02'), () => from('createdAt', '2030-01-01')],
  lastOrderDate: [() => below('lastOrderDate', '2000-02-01'), () => from('lastOrderDate', '2030-01-01')],
  neverOrdered: [() => is('neverOrdered', true), () => is('neverOrdered', false)],
};
const CONTACTS: Record<keyof typeof CONTACT_LIST.filters, Cases> = {
  customerId: [() => is('customerId', somebody.customer)],
  ownerId: [() => is('ownerId', IDLE), () => is('ownerId', NOBODY), () => is('ownerId', owner(2))],
  isPrimary: [() => is('isPrimary', true), () => is('isPrimary', false)],
  tags: [() => is('tags', 'vip'), () => is('tags', 'x')],
  birthday: [() => is('birthday', '1980-01-02'), () => from('birthday', '2000-01-01')],
  createdAt: [() => below('createdAt', '2020-01-02'), () => from('createdAt', '2030-01-01')],
};
const ACTIVITIES: Record<keyof typeof ACTIVITY_LIST.filters, Cases> = {
  date: [() => is('date', '2020-01-02'), () => from('date', '2035-01-01')],
  kind: [() => is('kind', 'call'), () => is('kind', 'fax'), () => is('kind', 'visit', 'call')],
  customerId: [() => is('customerId', somebody.customer)],
  ownerId: [() => is('ownerId', IDLE), () => is('ownerId', NOBODY), () => is('ownerId', owner(2))],
  authorId: [() => is('authorId', IDLE), () => is('authorId', NOBODY), () => is('authorId', owner(2))],
  contactId: [() => is('contactId', somebody.contact), () => is('contactId', NOBODY)],
  nextFollowUpDate: [() => below('nextFollowUpDate', '2026-02-01'), () => from('nextFollowUpDate', '2100-01-01')],
};
const FILTERS: Record<List, Record<string, Cases>> = {
  customers: CUSTOMERS,
  contacts: CONTACTS,
  activities: ACTIVITIES,
};
const LISTS = Object.keys(FILTERS) as List[];
const SORTS: Record<List, Record<string, string>> = {
  customers: { createdAt: DAY, name: 'Company 5', code: 'CUS-1050000', level: 'key', lastOrderDate: '2005-01-01' },
  contacts: { createdAt: DAY, name: 'Contact of Company 5' },
  activities: { date: '2021-01-01', nextFollowUpDate: '2030-01-01' },
};

it('CUS-5: only where one index alone can answer, whatever is asked for, the way of a first page is kept', async () => {
  const kept = async (query: Partial<ListQuery>): Promise<boolean> => {
    let named: string | undefined;
    const pool = {
      query: ({ name }: { name?: string }) => {
        named = name;
        return Promise.resolve({ rows: [] });
      },
    };
    const listed = { manager: { dataSource: { driver: { master: pool } } } } as unknown as DataSource;
    await READ.customers(listed, { ...FIRST_PAGE, ...query });
    return named !== undefined;
  };
  const ofOwner = is('ownerId', NOBODY);
  const active = is('status', 'active');
  expect(await kept({})).toBe(true);
  expect(await kept({ conditions: ofOwner })).toBe(true);
  expect(await kept({ conditions: [...ofOwner, ...active] })).toBe(true);
  expect(await kept({ conditions: [...ofOwner, ...active], after: { value: DAY, id: NOBODY } })).toBe(false);
  expect(await kept({ conditions: [...ofOwner, ...active], limit: 20 })).toBe(false);
  expect(await kept({ conditions: [...ofOwner, ...is('status', 'lost')] })).toBe(false);
  expect(await kept({ conditions: [...ofOwner, ...is('region', 'usa')] })).toBe(false);
  expect(await kept({ conditions: ofOwner, q: 'company' })).toBe(false);
});

describe(`Lists of ${ROWS} records`, () => {
  it.each(LISTS.flatMap((list) => Object.keys(FILTERS[list]).map((field) => [list, field] as const)))(
    'CUS-5, CUS-9: %s by %s read what they show, whether many have the value, only the oldest or nobody',
    async (list, field) => {
      for (const conditions of FILTERS[list][field]!) await expectLittle(list, { conditions: conditions() });
    },
  );

  it.each(LISTS.flatMap((list) => Object.keys(SORTS[list]).map((sort) => [list, sort] as const)))(
    'CUS-5, CUS-9: %s sorted by %s are read in that order, from the beginning and from the middle, both ways',
    async (list, sort) => {
      for (const descending of [true, false])
        for (const after of [undefined, { value: SORTS[list][sort], id: NOBODY }])
          await expectLittle(list, { sort, descending, after });
    },
  );

  it.each(LISTS)('CUS-5, CUS-9: %s are found by two characters', async (list) => {
    for (const q of [RARE, '没有', `${RARE}没`]) await expectLittle(list, { q });
    if (list !== 'activities') await expectLittle(list, { q: 'company777' });
  });

  // The statistics of the search index tell such a word from one that few have: without them all that have it are sorted.
  it.each<[List, string]>([
    ['customers', 'company'],
    ['contacts', 'company'],
    ['activities', 'summary'],
  ])('CUS-5, CUS-9: a page of %s that have a frequent word is found without all of them', async (list, q) =>
    expectLittle(list, { q }),
  );

  it.each<[List, string, () => Partial<ListQuery>]>([
    ['customers', 'owner and status', () => ({ conditions: [...is('ownerId', IDLE), ...is('status', 'lost')] })],
    ['customers', 'owner and level', () => ({ conditions: [...is('ownerId', owner(3)), ...is('level', 'key')] })],
    ['customers', 'region and level', () => ({ conditions: [...is('region', 'hainan'), ...is('level', 'key')] })],
    ['customers', 'owner, by name', () => ({ conditions: is('ownerId', owner(2)), sort: 'name', descending: false })],
    ['customers', 'tags, by last order', () => ({ conditions: is('tags', 'vip'), sort: 'lastOrderDate' })],
    ['customers', 'q and region', () => ({ q: RARE, conditions: is('region', 'tibet') })],
    ['contacts', 'owner and primary', () => ({ conditions: [...is('ownerId', IDLE), ...is('isPrimary', true)] })],
    ['contacts', 'q and owner', () => ({ q: RARE, conditions: is('ownerId', IDLE) })],
    ['activities', 'owner and kind', () => ({ conditions: [...is('ownerId', owner(2)), ...is('kind', 'call')] })],
    ['activities', 'author and days', () => ({ conditions: [...is('authorId', IDLE), ...from('date', '2020-01-05')] })],
    [
      'activities',
      'what is due to an owner',
      () => ({
        conditions: [...is('ownerId', owner(2)), ...below('nextFollowUpDate', '2027-01-01')],
        sort: 'nextFollowUpDate',
        descending: false,
      }),
    ],
  ])('CUS-5, CUS-9: %s by %s', async (list, _, query) => {
    await expectLittle(list, query());
  });

  it.each(LISTS)(
    'api: count=true counts %s exactly up to 10,000, and says so where it goes no further',
    async (list) => {
      const total = async (query: string) =>
        (await world.service.as(world.bob).get(`/api/v1/${list}?limit=1&count=true&${query}`).expect(200)).body as Json;
      const own = await total(list === 'activities' ? `authorId=${IDLE}` : `ownerId=${IDLE}`);
      expect([own.total, own.totalIsEstimate]).toEqual([OLD, undefined]);
      const all = await total('');
      expect(all.totalIsEstimate).toBe(true);
      expect(Math.abs(all.total - ROWS) / ROWS).toBeLessThan(0.1);
      const { read } = await work(list, { count: true });
      expect(read).toBeLessThan(10_001 * 1.1);
    },
  );
});

it('CUS-8: what the rows of a file are known by is looked up by index', async () => {
  const refs = Array.from({ length: 2000 }, (_, n) => `REF-${n}`);
  const [row] = await world.service.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${KNOWN_CUSTOMERS}`,
    [refs, refs],
  );
  const all = nodes(row!['QUERY PLAN'][0].Plan);
  expect(all.map((node) => node['Node Type'])).not.toContain('Seq Scan');
});

import type { Actor } from '#contracts';
import { describe, expect, it } from '@jest/globals';
import type { ImportReference } from './import-reference.js';
import { opportunityRow } from './opportunity-row.js';

const [IMPORTER, ALICE, GONE, BOSS] = ['1', '2', '3', '4'].map((n) => `01900000-0000-7000-8000-00000000000${n}`) as [
  string,
  string,
  string,
  string,
];
const NOW = new Date('2026-06-30T12:00:00Z');
const reference: ImportReference = {
  actor: { id: IMPORTER, name: 'importer', kind: 'user', rights: {} } satisfies Actor,
  people: new Map([
    ['alice', { id: ALICE, active: true, eligible: true }],
    ['gone', { id: GONE, active: false, eligible: false }],
    ['boss', { id: BOSS, active: true, eligible: false }],
  ]),
  codes: new Map([
    ['opportunity_source', { codes: new Set(['fair']), byLabel: new Map([['展会', 'fair']]) }],
    ['opportunity_stage', { codes: new Set(['prospecting', 'proposal']), byLabel: new Map() }],
    ['region', { codes: new Set(['cn-31']), byLabel: new Map() }],
  ]),
  firstStage: 'prospecting',
  now: NOW,
  timeZone: 'Asia/Shanghai',
};
const least = { customerName: 'Blue Whale Ltd', summary: 'Wants 400 licences', description: 'Met', successRate: '40' };
const check = (more: Record<string, string> = {}) =>
  opportunityRow({ line: 2, values: { ...least, ...more } }, reference);
const good = (more: Record<string, string> = {}) => {
  const checked = check(more);
  if ('errors' in checked) throw new Error(JSON.stringify(checked.errors));
  return checked.data;
};
const fieldsOf = (more: Record<string, string>) => {
  const checked = check(more);
  return 'errors' in checked ? checked.errors.map(({ field }) => field) : [];
};
const at = (instant: string) => new Date(instant);

describe('MKT-9: a row of a file', () => {
  it('with nothing but what is needed is unassigned, of now and of the one who imports, in the first stage', () => {
    expect(good()).toEqual({
      input: { ...least, successRate: 40, stage: 'prospecting' },
      past: { creatorId: IMPORTER, createdAt: NOW },
      fingerprint: expect.any(String),
    });
  });

  it('has all that the columns say', () => {
    const texts = {
      externalId: 'ERP-1',
      expectedAmount: '1200.5',
      currency: 'CNY',
      contactName: '王芳',
      contactPhone: '021 555',
      customerNeed: 'speed',
      competitors: 'Green Whale',
    };
    expect(
      good({ ...texts, source: '展会', stage: 'proposal', region: 'cn-31', expectedCloseDate: '2027/3/1' }),
    ).toEqual({
      input: {
        ...least,
        ...texts,
        successRate: 40,
        source: 'fair',
        stage: 'proposal',
        region: 'cn-31',
        expectedCloseDate: '2027-03-01',
      },
      past: { creatorId: IMPORTER, createdAt: NOW },
      fingerprint: null,
    });
  });

  it('may carry creator and times: of any status', () => {
    const people = { createdBy: 'Gone', assignee: ' ALICE ' };
    const times = {
      createdAt: '2020-01-01T00:00:00Z',
      assignedAt: '2020-01-02T08:00:00+08:00',
      closedAt: '2020-01-03',
    };
    const created = { creatorId: GONE, createdAt: at('2020-01-01T00:00:00Z') };
    const assigned = { to: ALICE, at: at('2020-01-02T00:00:00Z') };
    const { closedAt: _closedAt, ...open } = times;
    expect(good({ createdBy: 'gone', createdAt: times.createdAt, status: 'unassigned' }).past).toEqual(created);
    expect(good({ ...people, ...open, status: 'assigned' }).past).toEqual({ ...created, assigned });
    expect(good({ ...people, ...open }).past).toEqual({ ...created, assigned });
    expect(good({ ...people, ...times, status: '开发成功' }).past).toEqual({
      ...created,
      assigned,
      closed: { status: 'won', at: at('2020-01-02T16:00:00Z'), reason: null },
    });
    expect(good({ ...people, ...times, status: 'Lost', closeReason: 'no budget' }).past).toEqual({
      ...created,
      assigned,
      closed: { status: 'lost', at: at('2020-01-02T16:00:00Z'), reason: 'no budget' },
    });
  });

  it('whose times are not given has those of now, or of what came next', () => {
    const won = { status: 'won', assignee: 'alice' };
    const all = (past: ReturnType<typeof good>['past']) => [past.createdAt, past.assigned?.at, past.closed?.at];
    expect(all(good(won).past)).toEqual([NOW, NOW, NOW]);
    const day = at('2020-01-03T00:00:00Z');
    expect(all(good({ ...won, closedAt: day.toISOString() }).past)).toEqual([day, day, day]);
    expect(all(good({ ...won, assignedAt: day.toISOString() }).past)).toEqual([day, day, NOW]);
    expect(all(good({ ...won, createdAt: day.toISOString() }).past)).toEqual([day, NOW, NOW]);
    expect(all(good({ assignee: 'alice', assignedAt: day.toISOString() }).past)).toEqual([day, day, undefined]);
  });

  it.each([
    ['2020-01-31', '2020-01-30T16:00:00Z'],
    ['2020/1/31 8:30', '2020-01-31T00:30:00Z'],
    ['2020-01-31T08:30:15', '2020-01-31T00:30:15Z'],
    ['2020年1月31日', '2020-01-30T16:00:00Z'],
    ['2020-01-31T08:30:00.5-05:00', '2020-01-31T13:30:00.500Z'],
  ])('takes %s for %s', (cell, instant) => {
    expect(good({ createdAt: cell }).past.createdAt).toEqual(at(instant));
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['a status that is none', { status: 'done' }, ['status']],
    ['a status of a prototype', { status: 'constructor' }, ['status']],
    ['nobody assigned', { status: 'assigned' }, ['assignee']],
    ['a win of nobody', { status: 'won' }, ['assignee']],
    ['an assignee of an unassigned one', { status: 'unassigned', assignee: 'alice' }, ['assignee']],
    [
      'the end of an open one',
      { assignee: 'alice', closedAt: '2020-01-01', closeReason: 'x' },
      ['closedAt', 'closeReason'],
    ],
    ['a loss without a reason', { status: 'lost', assignee: 'alice' }, ['closeReason']],
    ['a reason that is too long', { status: 'lost', assignee: 'alice', closeReason: 'x'.repeat(501) }, ['closeReason']],
    ['an open one of somebody who left', { assignee: 'gone' }, ['assignee']],
    ['an open one of somebody who may not develop', { assignee: 'boss' }, ['assignee']],
    ['a closed one of somebody who may not develop', { status: 'won', assignee: 'boss' }, ['assignee']],
    ['an unknown assignee', { status: 'won', assignee: 'nobody' }, ['assignee']],
    ['an unknown creator', { createdBy: 'nobody' }, ['createdBy']],
    ['a creation in the future', { createdAt: '2026-07-01' }, ['createdAt']],
    [
      'an assignment before the creation',
      { assignee: 'alice', createdAt: '2020-02-01', assignedAt: '2020-01-01' },
      ['assignedAt'],
    ],
    [
      'an end before the assignment',
      { status: 'won', assignee: 'alice', assignedAt: '2020-02-01', closedAt: '2020-01-01' },
      ['closedAt'],
    ],
    [
      'an end before the creation',
      { status: 'won', assignee: 'alice', createdAt: '2020-02-01', closedAt: '2020-01-01' },
      ['closedAt'],
    ],
    ['a time that is none', { createdAt: 'yesterday' }, ['createdAt']],
    ['a day that does not exist', { createdAt: '2026-02-30' }, ['createdAt']],
    ['an hour that does not exist', { createdAt: '2026-02-01 24:00' }, ['createdAt']],
    ['a rate with a fraction', { successRate: '0.5' }, ['successRate']],
    ['a rate over 100', { successRate: '101' }, ['successRate']],
    ['an amount without a currency', { expectedAmount: '5' }, ['currency']],
    ['an amount with too many decimals', { expectedAmount: '5.001', currency: 'CNY' }, ['expectedAmount']],
    ['an amount of nothing', { expectedAmount: '0', currency: 'CNY' }, ['expectedAmount']],
    ['codes that cannot be chosen', { source: 'retired', stage: 'x', region: 'mars' }, ['source', 'stage', 'region']],
    ['a name that is too long', { customerName: 'x'.repeat(101) }, ['customerName']],
    ['a day of the expected end that does not exist', { expectedCloseDate: '2027-02-29' }, ['expectedCloseDate']],
    [
      'several things',
      { successRate: 'x', status: 'won', contactPhone: 'call me' },
      ['successRate', 'contactPhone', 'assignee'],
    ],
  ])('is refused for %s', (_, values, fields) => {
    expect(fieldsOf(values).sort()).toEqual([...fields].sort());
  });

  it('of somebody who left may be closed', () => {
    expect(good({ status: 'won', assignee: 'gone' }).past.assigned?.to).toBe(GONE);
  });

  it('without an external id is known again by what it says, in whatever order', () => {
    const { fingerprint } = good({ contactName: 'Ann', region: 'cn-31' });
    expect(good({ region: 'cn-31', contactName: 'Ann' }).fingerprint).toBe(fingerprint);
    expect(good({ contactName: 'Ann' }).fingerprint).not.toBe(fingerprint);
  });
});

import {
  CrmError,
  type OpportunityChanges,
  OpportunityCreated,
  type OpportunityInput,
  type OpportunityStatus,
} from '#contracts';
import { Opportunity } from './opportunity.entity.js';
import { PlanItem } from './plan-item.entity.js';

const CREATOR = '01900000-0000-7000-8000-00000000000a';
const ALICE = '01900000-0000-7000-8000-00000000000b';
const BOB = '01900000-0000-7000-8000-00000000000c';
const CUSTOMER = '01900000-0000-7000-8000-00000000000d';
const STATES = ['unassigned', 'assigned', 'won', 'lost'] as const;

const input = {
  stage: 'prospecting',
  customerName: 'Blue Whale Ltd',
  summary: 'Wants 400 licences',
  description: 'Met at the fair',
  successRate: 40,
  expectedAmount: '1200.5',
  currency: 'CNY',
};
const create = (more: Partial<OpportunityInput> = {}) =>
  Opportunity.create({ ...input, ...more, stage: more.stage ?? input.stage }, 'OPP-000001', CREATOR);
const step = (result?: string) => {
  const item = PlanItem.plan('01900000-0000-7000-8000-0000000000ff', { date: '2026-01-02', todo: 'call' });
  if (result) item.execute(result);
  return item;
};

function inState(state: OpportunityStatus): Opportunity {
  const opportunity = create();
  if (state !== 'unassigned') opportunity.assign(ALICE);
  if (state === 'won') opportunity.win([step('they agreed')]);
  if (state === 'lost') opportunity.lose('no budget');
  return opportunity;
}

const MOVES = {
  assign: (opportunity: Opportunity) => opportunity.assign(BOB),
  win: (opportunity: Opportunity) => opportunity.win([step('done')]),
  lose: (opportunity: Opportunity) => opportunity.lose('no budget'),
};
const OPEN: Record<OpportunityStatus, Partial<Record<keyof typeof MOVES, OpportunityStatus>>> = {
  unassigned: { assign: 'assigned' },
  assigned: { assign: 'assigned', win: 'won', lose: 'lost' },
  won: {},
  lost: {},
};

function refusal(work: () => unknown): CrmError {
  try {
    work();
  } catch (error) {
    if (error instanceof CrmError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('Opportunity', () => {
  it('MKT-1: starts unassigned, with amount and currency', () => {
    const opportunity = create();
    expect(opportunity.view()).toMatchObject({
      code: 'OPP-000001',
      version: 1,
      status: 'unassigned',
      stage: 'prospecting',
      creatorId: CREATOR,
      expectedAmount: '1200.50',
      assigneeId: null,
      customerId: null,
    });
    expect(opportunity.created()).toMatchObject({
      aggregateId: opportunity.id,
      data: { opportunityId: opportunity.id, summary: input.summary },
    });
  });

  const cases = STATES.flatMap((state) =>
    (Object.keys(MOVES) as (keyof typeof MOVES)[]).map((move) => ({ state, move, next: OPEN[state][move] })),
  );
  it.each(cases.filter(({ next }) => next))('MKT-2: $move while $state leads to $next', ({ state, move, next }) => {
    const opportunity = inState(state);
    const event = MOVES[move](opportunity);
    expect(opportunity.status).toBe(next);
    expect(event).toMatchObject({ aggregateId: opportunity.id, data: { status: next } });
  });
  it.each(cases.filter(({ next }) => !next))('MKT-2: refuses to $move while $state', ({ state, move }) => {
    const opportunity = inState(state);
    expect(refusal(() => MOVES[move](opportunity))).toMatchObject({
      code: 'illegal-transition',
      status: 409,
      parameters: { move, state, allowed: Object.keys(OPEN[state]) },
    });
    expect(opportunity.status).toBe(state);
  });

  it('MKT-2: keeps when and why it was closed', () => {
    const lost = inState('lost');
    expect(lost.view()).toMatchObject({ closeReason: 'no budget', closedAt: expect.any(String) });
    expect(inState('won').view()).toMatchObject({ closeReason: null, closedAt: expect.any(String), assigneeId: ALICE });
  });

  it('MKT-8: nothing is assigned or closed before it was created, though copies of the service have clocks of their own', () => {
    const opportunity = Object.assign(create(), { createdAt: new Date(Date.now() + 60_000) });
    opportunity.assign(ALICE);
    opportunity.lose('no budget');
    const { createdAt, assignedAt, closedAt } = opportunity.view();
    expect([assignedAt, closedAt]).toEqual([createdAt, createdAt]);
  });

  const EVERY_FIELD: Required<OpportunityChanges> = {
    source: 'fair',
    stage: 'proposal',
    customerName: 'Red Whale Ltd',
    summary: 'Wants 500 licences',
    description: 'Met twice',
    customerNeed: 'speed',
    competitors: 'Green Whale',
    region: 'cn-31',
    successRate: 60,
    expectedAmount: '10',
    currency: 'USD',
    expectedCloseDate: '2027-01-31',
    contactName: 'Ann',
    contactPhone: '021 555 01',
  };
  const WHILE_ASSIGNED = [
    'stage',
    'successRate',
    'expectedAmount',
    'currency',
    'expectedCloseDate',
    'contactName',
    'contactPhone',
    'description',
  ];
  const edits = STATES.flatMap((state) =>
    (Object.keys(EVERY_FIELD) as (keyof OpportunityChanges)[]).map((field) => ({
      state,
      field,
      allowed: state === 'unassigned' || (state === 'assigned' && WHILE_ASSIGNED.includes(field)),
    })),
  );
  it.each(edits.filter(({ allowed }) => allowed))('MKT-3: $field can be edited while $state', ({ state, field }) => {
    const opportunity = inState(state);
    const before = opportunity.view();
    expect(opportunity.edit({ [field]: EVERY_FIELD[field] })).toMatchObject({
      definition: { type: 'crm.marketing.opportunity.updated.v1' },
    });
    const to = field === 'expectedAmount' ? '10.00' : EVERY_FIELD[field];
    expect(opportunity.view()).toEqual({ ...before, [field]: to });
  });
  it.each(edits.filter(({ allowed }) => !allowed))('MKT-3: $field is read-only while $state', ({ state, field }) => {
    const opportunity = inState(state);
    const before = opportunity.view();
    expect(refusal(() => opportunity.edit({ [field]: EVERY_FIELD[field] }))).toMatchObject({
      code: 'read-only',
      status: 409,
      parameters: { state, fields: [field] },
      fields: [{ path: field }],
    });
    expect(opportunity.view()).toEqual(before);
  });

  it('MKT-3: names every read-only field of one edit, and takes over none of the others', () => {
    const opportunity = inState('assigned');
    const error = refusal(() => opportunity.edit({ summary: 'x', region: 'cn-11', stage: 'proposal' }));
    expect([...(error.parameters.fields as string[])].sort()).toEqual(['region', 'summary']);
    expect(opportunity.stage).toBe('prospecting');
  });

  it('MKT-3: an edit that changes nothing says nothing, also of fields that are read-only', () => {
    const opportunity = inState('assigned');
    expect(opportunity.edit({ summary: input.summary, expectedAmount: '1200.5000', successRate: 40 })).toBeUndefined();
    expect(opportunity.edit({})).toBeUndefined();
    expect(refusal(() => inState('won').edit({})).code).toBe('read-only');
  });

  it('MKT-1: an amount keeps its currency and has no more decimals than it', () => {
    expect(refusal(() => create().edit({ currency: null }))).toMatchObject({
      code: 'validation-failed',
      fields: [{ path: 'currency' }],
    });
    expect(refusal(() => create().edit({ currency: 'JPY' }))).toMatchObject({
      code: 'validation-failed',
      fields: [{ path: 'expectedAmount' }],
    });
    expect(refusal(() => create().edit({ expectedAmount: '1200.501' }))).toMatchObject({ code: 'validation-failed' });
    const without = create({ expectedAmount: null, currency: null });
    expect(refusal(() => without.edit({ expectedAmount: '5' }))).toMatchObject({ fields: [{ path: 'currency' }] });
    without.edit({ expectedAmount: '999999999999999.99', currency: 'CNY' });
    expect(without.view().expectedAmount).toBe('999999999999999.99');
  });

  it('MKT-4: says from whom to whom it was assigned, and nothing when that person has it already', () => {
    const opportunity = create();
    expect(opportunity.assign(ALICE)?.data).toMatchObject({ assigneeId: ALICE, previousAssigneeId: null });
    expect(opportunity.assign(BOB)?.data).toMatchObject({ assigneeId: BOB, previousAssigneeId: ALICE });
    expect(opportunity.assign(BOB)).toBeUndefined();
    expect(opportunity.ownerId).toBe(BOB);
  });

  it('MKT-5: the plan is worked on only while assigned', () => {
    expect(() => inState('assigned').requireDevelopment()).not.toThrow();
    for (const state of ['unassigned', 'won', 'lost'] as const)
      expect(refusal(() => inState(state).requireDevelopment())).toMatchObject({
        code: 'illegal-transition',
        parameters: { state },
      });
  });

  it('MKT-6: a win needs a plan with a result for every step', () => {
    const opportunity = inState('assigned');
    expect(refusal(() => opportunity.win([]))).toMatchObject({
      code: 'open-plan-items',
      status: 409,
      parameters: { items: [] },
    });
    const open = step();
    expect(refusal(() => opportunity.win([step('done'), open]))).toMatchObject({
      code: 'open-plan-items',
      parameters: { items: ['2026-01-02 call'] },
      fields: [{ path: `planItems.${open.id}` }],
    });
    expect(opportunity.status).toBe('assigned');
  });

  it('MKT-6: notes its customer once', () => {
    const opportunity = inState('won');
    expect(opportunity.linkTo(CUSTOMER)?.data).toEqual({ opportunityId: opportunity.id, customerId: CUSTOMER });
    expect(opportunity.linkTo(CUSTOMER)).toBeUndefined();
    expect(opportunity.linkTo(BOB)).toBeUndefined();
    expect(opportunity.customerId).toBe(CUSTOMER);
    expect(refusal(() => inState('lost').linkTo(CUSTOMER)).code).toBe('illegal-transition');
  });

  it('MKT-9: an imported one has its past, of which the events tell move by move', () => {
    const at = (day: string) => new Date(`2020-01-${day}T00:00:00Z`);
    const past = { creatorId: CREATOR, createdAt: at('01') };
    const assigned = { to: ALICE, at: at('02') };
    const told = (more: object) => {
      const { opportunity, events } = Opportunity.imported(input, 'OPP-000007', { ...past, ...more });
      expect(events.at(-1)!.data).toEqual({
        ...OpportunityCreated.data.parse({ ...opportunity.view(), opportunityId: opportunity.id }),
        ...(events.length === 2 ? { previousAssigneeId: null } : {}),
      });
      return { view: opportunity.view(), events: events.map(({ data }) => (data as { status: string }).status) };
    };
    expect(told({})).toMatchObject({
      view: { version: 1, createdAt: '2020-01-01T00:00:00.000Z', creatorId: CREATOR },
      events: ['unassigned'],
    });
    expect(told({ assigned })).toMatchObject({
      view: { version: 1, assigneeId: ALICE, assignedAt: '2020-01-02T00:00:00.000Z' },
      events: ['unassigned', 'assigned'],
    });
    for (const [status, reason] of [
      ['won', null],
      ['lost', 'no budget'],
    ])
      expect(told({ assigned, closed: { status, reason, at: at('03') } })).toMatchObject({
        view: { version: 1, status, closedAt: '2020-01-03T00:00:00.000Z', closeReason: reason },
        events: ['unassigned', 'assigned', status],
      });
    expect(() => told({ closed: { status: 'won', at: at('03'), reason: null } })).toThrow(
      expect.objectContaining({ code: 'illegal-transition' }),
    );
  });

  it('MKT-3: can be deleted while unassigned only', () => {
    expect(create().delete().data).toMatchObject({ code: 'OPP-000001' });
    for (const state of ['assigned', 'won', 'lost'] as const)
      expect(refusal(() => inState(state).delete())).toMatchObject({
        code: 'illegal-transition',
        parameters: { move: 'delete', state },
      });
  });
});

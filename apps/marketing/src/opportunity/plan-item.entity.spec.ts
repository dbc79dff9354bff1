import { PlanItem } from './plan-item.entity.js';

const OPPORTUNITY = '01900000-0000-7000-8000-0000000000ff';
const plan = () => PlanItem.plan(OPPORTUNITY, { date: '2026-01-02', todo: 'call' });

describe('PlanItem', () => {
  it('MKT-5: is planned, changed, carried out, each said as an event of the opportunity', () => {
    const item = plan();
    const facts = { opportunityId: OPPORTUNITY, planItemId: item.id, date: '2026-01-02', todo: 'call' };
    expect(item.added()).toMatchObject({ aggregateId: OPPORTUNITY, data: facts });
    expect(item.change({ todo: 'visit' })).toMatchObject({
      aggregateId: OPPORTUNITY,
      data: { ...facts, todo: 'visit' },
    });
    expect(item.change({ todo: 'visit', date: '2026-01-02' })).toBeUndefined();
    expect(item.execute('they are keen')).toMatchObject({ data: { todo: 'visit', result: 'they are keen' } });
    expect(item.view()).toEqual({
      id: item.id,
      version: 1,
      status: 'carried_out',
      date: '2026-01-02',
      todo: 'visit',
      result: 'they are keen',
      executedAt: expect.any(String),
    });
  });

  it.each([
    ['change', (item: PlanItem) => item.change({ todo: 'visit' })],
    ['remove', (item: PlanItem) => item.remove()],
    ['carry out again', (item: PlanItem) => item.execute('again')],
  ] as const)('MKT-5: refuses to %s a step that has a result', (_, act) => {
    const item = plan();
    item.execute('they are keen');
    expect(() => act(item)).toThrow(expect.objectContaining({ code: 'plan-item-executed', status: 409 }));
    expect(item.result).toBe('they are keen');
  });
});

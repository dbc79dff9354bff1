import {
  ChurnAlertLost,
  ChurnAlertPostponed,
  ChurnAlertRaised,
  ChurnAlertRecovered,
  ChurnMeasureAdded,
  type ChurnAlertStatus,
} from '#contracts';
import { describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { ChurnAlert } from './churn-alert.entity.js';

const owner = v7();
const customerId = v7();
const taken = { date: '2026-07-01', measure: 'Visited them' };
const alert = () => ChurnAlert.raise({ customerId, lastOrderDate: '2025-12-01', since: '2025-12-01' }, '2026-07-04', 6);

const DO = {
  postpone: (each: ChurnAlert) => each.postpone(taken, owner),
  'add-measure': (each: ChurnAlert) => each.addMeasure(taken, owner),
  confirm: (each: ChurnAlert) => each.confirm('Closed down', owner),
  recover: (each: ChurnAlert) => each.recover(new Date(), owner),
};
const IN: Record<ChurnAlertStatus, () => ChurnAlert> = {
  warning: alert,
  postponed: () => after('postpone'),
  lost: () => after('confirm'),
  recovered: () => after('recover'),
};
function after(move: keyof typeof DO): ChurnAlert {
  const each = alert();
  DO[move](each);
  return each;
}

describe('ChurnAlert', () => {
  it('CHU-1: says when it is raised whose it is and from when it counts', () => {
    const raised = alert();
    expect(raised).toMatchObject({ status: 'warning', version: 1, periodStart: '2026-01-04' });
    expect(raised.raised(owner)).toMatchObject({
      definition: ChurnAlertRaised,
      aggregateId: raised.id,
      data: { customerId, ownerId: owner, status: 'warning', lastOrderDate: '2025-12-01', asOf: '2026-07-04' },
    });
  });

  it.each([
    ['warning', 'postpone', 'postponed', ChurnAlertPostponed, taken],
    ['warning', 'add-measure', 'warning', ChurnMeasureAdded, taken],
    ['warning', 'confirm', 'lost', ChurnAlertLost, { reason: 'Closed down', lostAt: expect.any(String) }],
    ['warning', 'recover', 'recovered', ChurnAlertRecovered, { recoveredAt: expect.any(String) }],
    ['postponed', 'add-measure', 'postponed', ChurnMeasureAdded, taken],
    ['postponed', 'confirm', 'lost', ChurnAlertLost, { reason: 'Closed down', lostAt: expect.any(String) }],
    ['postponed', 'recover', 'recovered', ChurnAlertRecovered, { recoveredAt: expect.any(String) }],
  ] as const)('CHU-2: from %s, %s leads to %s and says so', (from, move, to, definition, facts) => {
    const each = IN[from]();
    expect(DO[move](each)).toMatchObject({ definition, data: { alertId: each.id, status: to, ...facts } });
    expect(each.status).toBe(to);
  });

  it.each([
    ['postponed', 'postpone', ['add-measure', 'confirm']],
    ...(['lost', 'recovered'] as const).flatMap((state) =>
      (Object.keys(DO) as (keyof typeof DO)[]).map((move) => [state, move, []] as const),
    ),
  ] as const)('CHU-2: from %s there is no %s; possible are %j', (state, move, allowed) => {
    const each = IN[state]();
    expect(() => DO[move](each)).toThrow(
      expect.objectContaining({ code: 'illegal-transition', status: 409, parameters: { move, state, allowed } }),
    );
    expect(each.status).toBe(state);
  });
});

import { describe, expect, it } from '@jest/globals';
import {
  combineGrants,
  hasScope,
  parseGrant,
  RIGHTS,
  SALES_SYSTEM_GRANTS,
  SCOPES,
  SEEDED_ROLES,
  type Right,
} from '#contracts';

describe('AUT-1: grants', () => {
  it.each(['customer.read', 'customer.update:own', 'user.read:names', 'order.read:all'])('%s is one', (grant) => {
    const [right, scope = 'all'] = grant.split(':');
    expect(parseGrant(grant)).toEqual({ right, scope });
  });

  it.each([
    'opportunity.read:names',
    'user.write:own',
    'user.read:own',
    'role.write:own',
    'event.operate:own',
    'customer.read:some',
    'customer.read:own:own',
    'customer.read:',
    'customer.fly',
    'toString',
    '',
  ])('%s is none, and gives nothing', (grant) => {
    expect(parseGrant(grant)).toBeUndefined();
    expect(combineGrants([grant])).toEqual({});
  });

  it('every right may be held for all, and only some narrower', () => {
    for (const right of Object.keys(RIGHTS) as Right[]) expect(hasScope(right, 'all')).toBe(true);
    expect(hasScope('user.write', undefined)).toBe(false);
    const narrower = (Object.keys(RIGHTS) as Right[]).flatMap((right) =>
      SCOPES.filter((scope) => scope !== 'all' && hasScope(right, scope)).map((scope) => `${right}:${scope}`),
    );
    expect(narrower).toContain('customer.export:own');
    expect(narrower.filter((grant) => grant.endsWith(':names'))).toEqual(['user.read:names']);
    expect(narrower.filter((grant) => /^(role|audit|dictionary|event|sales-feed)\./.test(grant))).toEqual([]);
  });

  it('all that the seeded roles and the sales system hold are grants', () => {
    for (const { grants } of [...SEEDED_ROLES, { grants: SALES_SYSTEM_GRANTS }])
      expect(Object.keys(combineGrants(grants)).sort()).toEqual(grants.map((grant) => grant.split(':')[0]).sort());
  });

  it('of several the widest counts', () => {
    expect(combineGrants(['customer.update:own', 'customer.update', 'customer.update:own'])).toEqual({
      'customer.update': 'all',
    });
  });
});

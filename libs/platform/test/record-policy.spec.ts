import { describe, expect, it } from '@jest/globals';
import type { Actor } from '#contracts';
import { ANONYMOUS, type RequestContext, SYSTEM, systemContext } from '../src/context/request-context.js';
import { type RecordPolicy, visibleTo } from '../src/db/record-policy.js';
import { Tx } from '../src/db/tx.js';

const owned: RecordPolicy = {
  kind: 'customer',
  table: 'customer',
  readRight: 'customer.read',
  alive: 't.deleted_at IS NULL',
  owned: 't.owner_id = :actor OR t.keeper_id = :actor',
};
const { owned: _owned, ...shared } = owned;
const alice: Actor = { id: 'alice', name: 'alice', kind: 'user', rights: {} };
const withScope = (scope: 'all' | 'own' | 'names'): Actor => ({ ...alice, rights: { 'customer.read': scope } });

describe('AUT-6: a record is seen', () => {
  it('by who holds the right for all, and by the system itself', () => {
    for (const actor of [withScope('all'), SYSTEM]) expect(visibleTo(owned, actor, [])).toBe('t.deleted_at IS NULL');
  });

  it('by its owner, with the right for own records', () => {
    const parameters: unknown[] = ['id'];
    expect(visibleTo(owned, withScope('own'), parameters)).toBe(
      't.deleted_at IS NULL AND (t.owner_id = $2 OR t.keeper_id = $2)',
    );
    expect(parameters).toEqual(['id', 'alice']);
  });

  it.each<[string, RecordPolicy, Actor | undefined]>([
    ['without the right', owned, alice],
    ['with another right', owned, { ...alice, rights: { 'customer.update': 'all' } }],
    ['with the scope names', owned, withScope('names')],
    ['with the scope own, where nobody owns', shared, withScope('own')],
    ['by nobody in particular', owned, ANONYMOUS],
    ['by a caller that was not named', owned, undefined],
  ])('never %s', (_case, policy, actor) => {
    const parameters: unknown[] = [];
    expect(visibleTo(policy, actor, parameters)).toBe('false');
    expect(parameters).toEqual([]);
  });
});

describe('AUT-6: work of nobody', () => {
  it('has no rights; background work is the system’s only where it says so', () => {
    const of = (context: RequestContext) => new Tx(undefined as never, [], 'UTC', context);
    const system = systemContext();
    expect(system.traceparent).toMatch(/^00-[0-9a-f]{32}-/);
    const nobodys = of({ ...system, actor: ANONYMOUS });
    expect(() => nobodys.requireScope('customer.update', ANONYMOUS.id)).toThrow(/own/i);
    expect(of(system).actor).toBe(SYSTEM);
    of(system).requireScope('customer.update', 'somebody');
  });
});

import { check } from './checker.js';
import type { Operation } from './history.js';
import type { Observation } from './observation.js';

let clock = 0;
const done = (kind: Operation['kind'], marker: string, more: Partial<Operation> = {}): Operation => ({
  kind,
  marker,
  person: 'manager',
  invokedAt: ++clock,
  endedAt: clock,
  outcome: 'ok',
  attempts: 1,
  ...more,
});

/** One win, one kept customer with its updates, contact and ticket, one order: all as it must be. */
const sound: Observation = {
  history: [
    done('opportunity', 'Won 1'),
    done('win', 'Won 1'),
    done('customer', 'Kept 1'),
    done('update', 'u1', { of: 'Kept 1', value: 'first' }),
    done('update', 'u2', { of: 'Kept 1', value: 'second' }),
    done('contact', 'Contact 1'),
    done('ticket', 'Ticket 1'),
    done('customer', 'Refused', { outcome: 'failed' }),
    done('customer', 'Open', { outcome: 'unknown' }),
    done('orders', 'Feed 1', { value: JSON.stringify([['O1', 2]]) }),
  ],
  read: {
    opportunities: [{ id: 'o1', marker: 'Won 1', status: 'won' }],
    customers: [
      { id: 'c1', marker: 'Won 1' },
      { id: 'c2', marker: 'Kept 1', remarks: 'second' },
    ],
    contacts: [
      { id: 'p1', marker: '王芳', customerId: 'c1' },
      { id: 'p2', marker: 'Contact 1', customerId: 'c2' },
    ],
    tickets: [{ id: 't1', marker: 'Ticket 1' }],
    orders: [{ id: 'O1', marker: 'O1', total: '20.0000' }],
  },
  unpublished: { customer: 0 },
  numbers: new Map([['customer customer c1', 3]]),
  positions: [{ consumer: 'service-customer-customer', record: 'c1', at: 3, due: 3 }],
  steps: [
    { consumer: 'service-customer-customer', record: 'c1', before: 0, after: 1 },
    { consumer: 'service-customer-customer', record: 'c1', before: 1, after: 3 },
  ],
  effects: [{ place: 'service.customer', record: 'c1', times: 3, events: 3 }],
  usurpedMarks: 0,
  deadLetters: [],
  copies: [{ name: 'customers in service', original: ['c1', 'c2'], copy: ['c1', 'c2'] }],
};
const rules = (change: Partial<Observation>, spoilt?: ReadonlySet<string>) =>
  check({ ...sound, ...change }, spoilt ? { spoilt } : {}).map(({ rule }) => rule);
const reading = (change: Partial<Observation['read']>) => ({ read: { ...sound.read, ...change } });

describe('The checker of the fault suite', () => {
  it('finds nothing where all is as it must be', () => expect(rules({})).toEqual([]));

  it('takes a write of unknown end that is there for as good as one that is not', () =>
    expect(rules(reading({ customers: [...sound.read.customers, { id: 'c3', marker: 'Open' }] }))).toEqual([]));

  it.each<[string, Partial<Observation>, string]>([
    ['a lost ticket', reading({ tickets: [] }), 'no acknowledged write is lost'],
    [
      'a ticket twice',
      reading({ tickets: [sound.read.tickets[0]!, sound.read.tickets[0]!] }),
      'no write is there twice',
    ],
    [
      'a write of unknown end twice',
      reading({ customers: [...sound.read.customers, { id: 'c3', marker: 'Open' }, { id: 'c4', marker: 'Open' }] }),
      'no write is there twice',
    ],
    [
      'a refused customer',
      reading({ customers: [...sound.read.customers, { id: 'c3', marker: 'Refused' }] }),
      'no refused write is there',
    ],
    [
      'a win without its customer',
      reading({ customers: [sound.read.customers[1]!] }),
      'a win makes exactly one customer',
    ],
    [
      'a customer without a win',
      reading({ opportunities: [{ id: 'o1', marker: 'Won 1', status: 'assigned' }] }),
      'a win makes exactly one customer',
    ],
    [
      'a customer of a win without its contact',
      reading({ contacts: [sound.read.contacts[1]!] }),
      'a win makes exactly one customer',
    ],
    [
      'an update that was undone',
      reading({ customers: [sound.read.customers[0]!, { id: 'c2', marker: 'Kept 1', remarks: 'first' }] }),
      'no acknowledged write is lost',
    ],
    [
      'an order at an older version',
      reading({ orders: [{ id: 'O1', marker: 'O1', total: '10.0000' }] }),
      'no acknowledged write is lost',
    ],
    ['events in the outbox', { unpublished: { customer: 1 } }, 'the outbox is empty'],
    [
      'a gap in the numbers',
      { numbers: new Map([['customer customer c1', -1]]) },
      "a record's events are numbered without a gap",
    ],
    [
      'a consumer that lacks an event',
      { positions: [{ consumer: 'service-customer-customer', record: 'c1', at: 2, due: 3 }] },
      'every consumer has every event',
    ],
    [
      'a consumer that went back',
      { steps: [...sound.steps, { consumer: 'service-customer-customer', record: 'c1', before: 3, after: 2 }] },
      "a consumer takes a record's events in order",
    ],
    [
      'a consumer that began anew',
      { steps: [...sound.steps, { consumer: 'service-customer-customer', record: 'c1', before: 0, after: 4 }] },
      "a consumer takes a record's events in order",
    ],
    [
      'an effect twice',
      { effects: [{ place: 'service.customer', record: 'c1', times: 4, events: 3 }] },
      'no event has its effect twice',
    ],
    [
      'an effect that is missing',
      { effects: [{ place: 'service.customer', record: 'c1', times: 2, events: 3 }] },
      'every event has its effect',
    ],
    ['rows marked by a zombie', { usurpedMarks: 1 }, 'only the relay that rules marks events'],
    [
      'a dead letter',
      { deadLetters: [{ service: 'service', record: 'c1', status: 'dead', error: 'broken' }] },
      'no dead letter without a reason',
    ],
    [
      'a copy that lacks a row',
      { copies: [{ name: 'c', original: ['c1', 'c2'], copy: ['c1'] }] },
      'every copy equals its original',
    ],
    [
      'a copy with a row too many',
      { copies: [{ name: 'c', original: ['c1'], copy: ['c1', 'c2'] }] },
      'every copy equals its original',
    ],
    [
      'a copy with a row twice',
      { copies: [{ name: 'c', original: ['c1'], copy: ['c1', 'c1'] }] },
      'every copy equals its original',
    ],
  ])('notices %s', (_what, change, rule) => expect(rules(change)).toContain(rule));

  it('explains the dead letters and gaps of events that were spoilt on purpose, and no others', () => {
    const change: Partial<Observation> = {
      deadLetters: [{ service: 'service', record: 'c1', status: 'dead', error: 'broken' }],
      positions: [{ consumer: 'service-customer-customer', record: 'c1', at: 0, due: 3 }],
      effects: [{ place: 'service.customer', record: 'c1', times: 0, events: 3 }],
      copies: [{ name: 'customers in service', original: ['c1', 'c2'], copy: ['c2'] }],
    };
    expect(rules(change, new Set(['c1']))).toEqual([]);
    expect(rules(change, new Set(['c2']))).toHaveLength(4);
  });
});

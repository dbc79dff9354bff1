import { v7 } from 'uuid';
import {
  CustomerCreated,
  CustomerUpdated,
  type NewEvent,
  OpportunityWon,
  OrderRecorded,
  UserCreated,
  UserUpdated,
} from '#contracts';
import type { Message } from './stream-publisher.js';

/** The same numbers in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `each` events of each of `records` records; those of different records are mixed, those of one record stay in their order. */
function mixed(records: number, each: number, event: (id: string, index: number, nth: number) => NewEvent): NewEvent[] {
  const random = seededRandom(records);
  const ids = Array.from({ length: records }, () => v7());
  const turns = Array.from({ length: records * each }, (_, index) => index % records);
  for (let index = turns.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [turns[index], turns[other]] = [turns[other]!, turns[index]!];
  }
  const nth = new Uint8Array(records);
  return turns.map((record) => event(ids[record]!, record, nth[record]!++));
}

const owners = [v7(), v7(), v7(), v7()];

const customer = (customerId: string, index: number, sourceOpportunityId: string | null) => ({
  customerId,
  code: `CUS-${String(index + 1).padStart(6, '0')}`,
  name: `Shanghai Huaxin Trading ${index} 华信贸易`,
  status: 'active' as const,
  ownerId: owners[index % owners.length]!,
  externalRef: `ERP-${index}`,
  region: 'east-china',
  level: 'key',
  satisfaction: 4,
  credit: 5,
  industry: 'manufacturing',
  sourceOpportunityId,
});

/** A customer is created, then edited `each - 1` times. */
export const customerEvents = (records: number, each: number): NewEvent[] =>
  mixed(records, each, (id, index, nth) => {
    const facts = customer(id, index, null);
    return nth === 0
      ? CustomerCreated.of(id, facts)
      : CustomerUpdated.of(id, { ...facts, satisfaction: 1 + (nth % 5) });
  });

/** The customers that these opportunities became. */
export const customersOf = (opportunityIds: readonly string[]): NewEvent[] =>
  opportunityIds.map((opportunityId, index) => {
    const id = v7();
    return CustomerCreated.of(id, customer(id, index, opportunityId));
  });

export const userEvents = (records: number, each: number): NewEvent[] =>
  mixed(records, each, (userId, index, nth) =>
    (nth === 0 ? UserCreated : UserUpdated).of(userId, {
      userId,
      username: `person-${index}`,
      displayName: `Person ${index} 张伟`,
      status: nth === 2 ? 'disabled' : 'active',
      roles: ['account_manager'],
    }),
  );

/** An order is recorded unpaid, then as paid. */
export const orderEvents = (records: number, each: number): NewEvent[] => {
  const customers = Array.from({ length: 500 }, () => v7());
  return mixed(records, each, (orderId, index, nth) =>
    OrderRecorded.of(orderId, {
      orderId,
      key: `SO-${index}`,
      customerId: customers[index % customers.length]!,
      customerRef: `ERP-${index % customers.length}`,
      date: `20${20 + (index % 7)}-0${1 + (index % 9)}-15`,
      status: nth === 0 ? 'unpaid' : 'paid',
      currency: 'CNY',
      total: `${1000 + index}.50`,
      lines: [1, 2, 3].map((line) => ({
        productKey: `P-${line}`,
        productName: `Product ${line}`,
        quantity: line,
        amount: '100.00',
      })),
    }),
  );
};

export const wonEvents = (records: number): NewEvent[] =>
  mixed(records, 1, (opportunityId, index) =>
    OpportunityWon.of(opportunityId, {
      opportunityId,
      code: `OPP-${String(index + 1).padStart(6, '0')}`,
      status: 'won',
      stage: 'negotiation',
      source: 'exhibition',
      customerName: `Ningbo Haitian Machinery ${opportunityId}`,
      summary: 'Injection moulding line',
      description: 'Two lines in the first year, a third when the new hall is ready.',
      customerNeed: null,
      competitors: null,
      region: 'east-china',
      successRate: 90,
      expectedAmount: '250000.00',
      currency: 'CNY',
      expectedCloseDate: '2026-12-01',
      contactName: 'Li Na',
      contactPhone: '0574-8888 1234',
      creatorId: owners[0]!,
      createdAt: '2026-11-01T08:00:00.000Z',
      assigneeId: owners[1]!,
      assignedAt: '2026-11-02T08:00:00.000Z',
      closedAt: '2026-11-20T08:00:00.000Z',
      closeReason: null,
      customerId: null,
      externalId: null,
    }),
  );

/** The events as their publisher's relay puts them on the stream; the records have had none before. */
export function messagesOf(events: readonly NewEvent[]): Message[] {
  const sequences = new Map<string, number>();
  return events.map(({ definition, aggregateId, data }) => {
    const sequence = (sequences.get(aggregateId) ?? 0) + 1;
    sequences.set(aggregateId, sequence);
    const id = v7();
    const envelope = {
      specversion: '1.0',
      id,
      source: `/crm/${definition.publisher}`,
      type: definition.type,
      subject: aggregateId,
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      sequence,
      traceparent: TRACE,
      actorid: owners[0],
      data,
    };
    return { subject: definition.type, id, payload: JSON.stringify(envelope) };
  });
}

export const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

import type { Actor } from '#contracts';
import { CustomerCreated, type DataOf, OrderRecorded } from '#contracts';
import { personWith, startTestService, type TestService } from '#testing';
import { v7 } from 'uuid';
import { start } from '../src/app.js';

export const REPORT = '/api/v1/reports/customer-contribution';
export type CustomerFacts = DataOf<typeof CustomerCreated>;
export type OrderFacts = DataOf<typeof OrderRecorded>;

export const startReporting = (): Promise<TestService> => startTestService('reporting', start);

/** Reporting keeps no copy of people: an assertion is all it knows of who asks. */
export const person = (role: string): Actor => personWith(role, v7(), role);

export const customerFacts = (name: string, ownerId: string | null = null): CustomerFacts => ({
  customerId: v7(),
  code: 'CUS-000001',
  name,
  status: 'active',
  ownerId,
  externalRef: null,
  region: null,
  level: null,
  satisfaction: null,
  credit: null,
  industry: null,
  sourceOpportunityId: null,
});

export const orderFacts = (facts: Partial<OrderFacts>): OrderFacts => {
  const orderId = facts.orderId ?? v7();
  return {
    orderId,
    key: orderId,
    customerId: null,
    customerRef: 'REF',
    date: '1997-06-01',
    status: 'paid',
    currency: 'USD',
    total: '0.00',
    lines: [],
    ...facts,
  };
};

export const created = (customer: CustomerFacts) => CustomerCreated.of(customer.customerId, customer);
export const recorded = (order: OrderFacts) => OrderRecorded.of(order.orderId, order);

import { describe, expect, it } from '@jest/globals';
import { CustomerView, type DataOf, type OpportunityWon } from '#contracts';
import { v7 } from 'uuid';
import { Customer } from './customer.entity.js';

const owner = v7();
const acme = () => Customer.open({ name: 'ACME', phone: '+86 10 1' }, { code: 'CUS-000001', ownerId: owner });

const won = (over: Partial<DataOf<typeof OpportunityWon>> = {}) =>
  ({
    opportunityId: v7(),
    customerName: ' ACME  GmbH ',
    contactName: 'Ann',
    contactPhone: '123',
    region: 'germany',
    assigneeId: owner,
    ...over,
  }) as DataOf<typeof OpportunityWon>;

describe('Customer', () => {
  it('CUS-1: is active, unscored and has the shape that clients read', () => {
    expect(acme().view()).toMatchObject({
      status: 'active',
      version: 1,
      ownerId: owner,
      level: null,
      satisfaction: null,
      tags: [],
    });
    expect(CustomerView.strict().parse(acme().view())).toBeDefined();
  });

  it('CUS-1: an edit changes what was sent, clears what is null and leaves the rest', () => {
    const customer = acme();
    const event = customer.edit({ name: 'ＡＣＭＥ  Ltd', phone: null, level: 'key' });
    expect(customer).toMatchObject({
      name: 'ＡＣＭＥ  Ltd',
      foldedName: 'acme ltd',
      phone: null,
      level: 'key',
      code: 'CUS-000001',
    });
    expect(event).toMatchObject({ aggregateId: customer.id, data: { name: 'ＡＣＭＥ  Ltd', level: 'key' } });
  });

  it('CUS-2: a delete can be taken back', () => {
    const customer = acme();
    expect(customer.delete().definition.type).toBe('crm.customer.customer.deleted.v1');
    expect(customer.deletedAt).toBeInstanceOf(Date);
    expect(customer.restore().definition.type).toBe('crm.customer.customer.restored.v1');
    expect(customer.deletedAt).toBeNull();
  });

  it('MKT-6: a won opportunity becomes a customer of its assignee, with its origin', () => {
    const opportunity = won();
    expect(Customer.fromWon(opportunity, 'CUS-000002')).toMatchObject({
      code: 'CUS-000002',
      name: ' ACME  GmbH ',
      foldedName: 'acme gmbh',
      region: 'germany',
      ownerId: owner,
      sourceOpportunityId: opportunity.opportunityId,
      phone: null,
    });
  });

  it('MKT-6: without a contact name the phone is kept with the customer', () => {
    expect(Customer.fromWon(won({ contactName: null }), 'CUS-000003').phone).toBe('123');
  });

  it('EVT-5: events tell partners nothing of bank, tax or licence', () => {
    const customer = Customer.open(
      { name: 'ACME', bankAccount: '62220', localTaxNumber: '91110' },
      { code: 'CUS-1', ownerId: owner },
    );
    expect(JSON.stringify(customer.created())).not.toMatch(/62220|91110/);
  });
});

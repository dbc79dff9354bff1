import {
  type Actor,
  ContactAdded,
  CustomerCreated,
  type DataOf,
  DictionaryEntryAdded,
  type TicketView,
} from '#contracts';
import { startTestService, type TestService } from '#testing';
import { v7 } from 'uuid';
import { start } from '../src/app.js';

export const TICKETS = '/api/v1/tickets';

/** The ticket service with what it learnt of the others: roles, people, the dictionary, a customer with a contact, a contact of another. */
export interface World {
  readonly service: TestService;
  readonly people: Readonly<Record<'admin' | 'sysadmin' | 'manager' | 'alice' | 'bob' | 'executive' | 'gone', Actor>>;
  readonly customer: DataOf<typeof CustomerCreated>;
  readonly contactId: string;
  readonly strangerId: string;
}

export const customerFacts = (name: string): DataOf<typeof CustomerCreated> => ({
  customerId: v7(),
  code: 'CUS-000001',
  name,
  status: 'active',
  ownerId: null,
  externalRef: null,
  region: null,
  level: null,
  satisfaction: null,
  credit: null,
  industry: null,
  sourceOpportunityId: null,
});

export async function startWorld(): Promise<World> {
  const service = await startTestService('service', start);
  await service.knowRoles();
  const people = {
    admin: await service.person('super_admin', 'admin'),
    sysadmin: await service.person('system_admin', 'sysadmin'),
    manager: await service.person('sales_manager', 'manager'),
    alice: await service.person('account_manager', 'alice'),
    bob: await service.person('account_manager', 'bob'),
    executive: await service.person('executive', 'executive'),
    gone: await service.person('account_manager', 'gone', 'disabled'),
  };
  const types = { consultation: true, complaint: true, suggestion: true, rumour: false };
  const entries = Object.entries(types).map(([code, active]) => {
    const entryId = v7();
    const label = { zh: code, en: code };
    return DictionaryEntryAdded.of(entryId, {
      entryId,
      type: 'ticket_type',
      code,
      label,
      order: 1,
      active,
      editable: true,
    });
  });
  const customer = customerFacts('Alfreds Futterkiste');
  const contact = (customerId: string) => ({
    contactId: v7(),
    customerId,
    name: 'Maria',
    position: null,
    isPrimary: true,
  });
  const own = contact(customer.customerId);
  const stranger = contact(v7());
  await service.deliver(
    ...entries,
    CustomerCreated.of(customer.customerId, customer),
    ContactAdded.of(own.contactId, own),
    ContactAdded.of(stranger.contactId, stranger),
  );
  return { service, people, customer, contactId: own.contactId, strangerId: stranger.contactId };
}

export type Person = keyof World['people'];
export type Desk = ReturnType<typeof deskOf>;

/** The acts on tickets, as the people of a world do them. */
export function deskOf(world: World) {
  const as = (person: Person) => world.service.as(world.people[person]);
  const input = (more: object = {}) => ({
    type: 'complaint',
    summary: 'Late delivery',
    customerId: world.customer.customerId,
    request: 'Where is order 10248?',
    ...more,
  });
  const act = (person: Person, ticket: TicketView, name: string, body: object) =>
    as(person).post(`${TICKETS}/${ticket.id}/${name}`).send(body);
  const done = async (person: Person, ticket: TicketView, name: string, body: object): Promise<TicketView> =>
    (await act(person, ticket, name, body).expect(200)).body;
  return {
    as,
    input,
    act,
    done,
    create: async (more: object = {}, person: Person = 'alice'): Promise<TicketView> =>
      (await as(person).post(TICKETS).send(input(more)).expect(201)).body,
    assign: (ticket: TicketView, person: Person = 'alice') =>
      done('manager', ticket, 'assign', { assigneeId: world.people[person].id }),
    timeline: async (ticket: TicketView) =>
      (await as('manager').get(`${TICKETS}/${ticket.id}/timeline`).expect(200)).body.items,
    published: (definition: { type: string }, id: string) =>
      world.service.events.published(definition.type, ({ subject }) => subject === id),
  };
}

/** What a refusal looks like. */
export const problem = (code: string, status: number, more: object = {}) => ({
  status,
  body: { type: `/problems/${code}`, ...more },
});

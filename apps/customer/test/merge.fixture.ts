import type { ActivityView, Actor, ContactView, CustomerView, MergedCustomerView } from '#contracts';
import { feedAs, type Json, orderOf, ownKeys, type World } from './customer.fixture.js';

const CUSTOMERS = '/api/v1/customers';

/** Short cuts through the API for customers that are merged. */
export function mergeDesk(world: World) {
  const as = (actor: Actor = world.manager) => world.service.as(actor);
  const get = async (path: string): Promise<Json> => (await as().get(`/api/v1${path}`).expect(200)).body;
  return {
    as,
    get,
    create: async (body: object, owner: Actor = world.alice): Promise<CustomerView> =>
      (await as(owner).post(CUSTOMERS).send(body).expect(201)).body,
    addContact: async (customerId: string, body: object): Promise<ContactView> =>
      (await as().post(`${CUSTOMERS}/${customerId}/contacts`).send(body).expect(201)).body,
    recordActivity: async (customerId: string, body: object = {}): Promise<ActivityView> => {
      const activity = { date: '2026-03-01', kind: 'visit', summary: 'Talked', ...body };
      return (await as().post(`${CUSTOMERS}/${customerId}/activities`).send(activity).expect(201)).body;
    },
    feed: async (customerRef: string, over: object = {}): Promise<string> => {
      const order = orderOf(ownKeys(), { customerRef, ...over });
      await feedAs(world, 'orders', [order]);
      return order.key;
    },
    merge: (id: string, intoId: string) => as().post(`${CUSTOMERS}/${id}/merge`).send({ intoId }),
    merged: async (id: string, intoId: string): Promise<MergedCustomerView> =>
      (await as().post(`${CUSTOMERS}/${id}/merge`).send({ intoId }).expect(200)).body,
    undo: (mergeId: string) => as().post(`${CUSTOMERS}/merges/${mergeId}/undo`),
    contactsOf: async (id: string): Promise<ContactView[]> => (await get(`/customers/${id}/contacts?limit=200`)).items,
    activitiesOf: async (id: string): Promise<ActivityView[]> =>
      (await get(`/customers/${id}/activities?limit=200`)).items,
    timeline: async (id: string): Promise<Json[]> => (await get(`/customers/${id}/timeline?limit=200`)).items,
    ordersOf: async (id: string): Promise<string[]> =>
      (await get(`/customers/${id}/orders?limit=200`)).items.map(({ key }: Json) => key).sort(),
  };
}

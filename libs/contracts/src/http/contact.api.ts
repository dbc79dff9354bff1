import { z } from 'zod';
import { ContactView } from './customer.api.js';
import { defineRoutes } from './define-routes.js';
import { Id, page } from './fields.js';
import type { ListDefinition } from './list.js';

/** A contact in a list over all customers. */
export const ContactOfCustomer = ContactView.extend({
  customerCode: z.string(),
  customerName: z.string(),
  ownerId: Id.nullable().meta({ description: 'The owner of the customer' }),
}).meta({ id: 'ContactOfCustomer' });
export type ContactOfCustomer = z.infer<typeof ContactOfCustomer>;

/** `q` looks through names, phones and e-mail addresses, and through the customers' names. */
export const CONTACT_LIST = {
  filters: {
    customerId: 'id',
    ownerId: 'id',
    isPrimary: 'boolean',
    tags: 'code',
    birthday: 'date',
    createdAt: 'instant',
  },
  sorts: ['createdAt', 'name'],
  defaultSort: '-createdAt',
  search: true,
} as const satisfies ListDefinition;

export const ContactRoutes = defineRoutes('customer', 'contacts', {
  listAllContacts: {
    method: 'GET',
    path: '/contacts',
    access: 'customer.read',
    summary: 'Contacts of all customers · 全部联系人',
    list: CONTACT_LIST,
    response: page(ContactOfCustomer),
  },
  getContact: {
    method: 'GET',
    path: '/customers/:id/contacts/:contactId',
    access: 'customer.read',
    summary: 'One contact · 联系人详情',
    response: ContactView,
    record: 'customer',
  },
});

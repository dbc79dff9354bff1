import { ACTIVITY_LIST } from './activity.api.js';
import { CONTACT_LIST } from './contact.api.js';
import { CustomerRoutes } from './customer.api.js';
import { defineRoutes } from './define-routes.js';
import { FILE_FORMATS, type ListDefinition } from './list.js';

/** All rows of a list, with its filters, sorts and search, as a file. */
const fileOf = (path: string, summary: string, list: ListDefinition) =>
  ({
    method: 'GET',
    path,
    access: 'customer.export',
    summary,
    list: { ...list, formats: FILE_FORMATS },
    status: 200,
  }) as const;

export const ExportRoutes = defineRoutes('customer', 'exports', {
  exportCustomers: fileOf('/customers/export', 'Customers as a file · 导出客户', CustomerRoutes.listCustomers.list),
  exportContacts: fileOf('/contacts/export', 'Contacts as a file · 导出联系人', CONTACT_LIST),
  exportActivities: fileOf('/activities/export', 'Activities as a file · 导出交往记录', ACTIVITY_LIST),
});

import { z } from 'zod';
import { defineRoutes } from './define-routes.js';
import {
  Address,
  Birthday,
  CalendarDate,
  PickedCode,
  Email,
  Id,
  Instant,
  Name,
  page,
  Phone,
  Remarks,
  text,
  Version,
} from './fields.js';

export const CUSTOMER_STATUSES = ['active', 'at_risk', 'lost'] as const;
export type CustomerStatus = (typeof CUSTOMER_STATUSES)[number];

const Score = z.int().min(1).max(5);
/** With or without http(s)://; no other scheme, because people click on it. */
const Website = text(200).refine(
  (value) => /^(https?:\/\/)?[^\s:/]+\.[^\s]*$/i.test(value) && !/^\w+script:/i.test(value),
  {
    error: 'a web address such as https://example.com · 网址,如 https://example.com',
  },
);
const customerFields = {
  region: PickedCode.nullish(),
  level: PickedCode.nullish(),
  satisfaction: Score.nullish(),
  credit: Score.nullish(),
  industry: PickedCode.nullish(),
  nature: PickedCode.nullish(),
  type: PickedCode.nullish(),
  externalRef: text(100).nullish(),
  phone: Phone.nullish(),
  fax: Phone.nullish(),
  address: Address.nullish(),
  postcode: text(20).nullish(),
  website: Website.nullish(),
  businessLicence: text(50).nullish(),
  legalRepresentative: Name.nullish(),
  registeredCapital: text(50).nullish(),
  annualTurnover: text(50).nullish(),
  bank: Name.nullish(),
  bankAccount: text(50).nullish(),
  localTaxNumber: text(50).nullish(),
  nationalTaxNumber: text(50).nullish(),
  tags: z.array(text(50)).max(50).optional(),
  remarks: Remarks.nullish(),
};

/** `ownerId` defaults to the person who creates, when they may own customers. */
export const CustomerInput = z.strictObject({ name: Name, ownerId: Id.optional(), ...customerFields });
export type CustomerInput = z.infer<typeof CustomerInput>;
export const CustomerChanges = z.strictObject({ name: Name.optional(), ...customerFields });
export type CustomerChanges = z.infer<typeof CustomerChanges>;

export const CustomerView = z
  .object({
    id: Id,
    code: z.string(),
    version: Version,
    status: z.enum(CUSTOMER_STATUSES),
    name: z.string(),
    ownerId: Id.nullable(),
    externalRef: z.string().nullable(),
    region: z.string().nullable(),
    level: z.string().nullable(),
    satisfaction: Score.nullable(),
    credit: Score.nullable(),
    industry: z.string().nullable(),
    nature: z.string().nullable(),
    type: z.string().nullable(),
    phone: z.string().nullable(),
    fax: z.string().nullable(),
    address: z.string().nullable(),
    postcode: z.string().nullable(),
    website: z.string().nullable(),
    businessLicence: z.string().nullable(),
    legalRepresentative: z.string().nullable(),
    registeredCapital: z.string().nullable(),
    annualTurnover: z.string().nullable(),
    bank: z.string().nullable(),
    bankAccount: z.string().nullable(),
    localTaxNumber: z.string().nullable(),
    nationalTaxNumber: z.string().nullable(),
    tags: z.array(z.string()),
    remarks: z.string().nullable(),
    sourceOpportunityId: Id.nullable(),
    lastOrderDate: CalendarDate.nullable(),
    createdAt: Instant,
  })
  .meta({ id: 'Customer' });
export type CustomerView = z.infer<typeof CustomerView>;

/** One that can be restored. */
export const DeletedCustomerView = CustomerView.extend({ deletedAt: Instant }).meta({ id: 'DeletedCustomer' });
export type DeletedCustomerView = z.infer<typeof DeletedCustomerView>;

/** A customer that is likely the same one (CUS-6); the name only of customers that the person may see. */
export const Duplicate = z.object({ id: Id, code: z.string(), name: z.string().optional() });
export type Duplicate = z.infer<typeof Duplicate>;
export const WarnedCustomerView = CustomerView.extend({
  duplicates: z.array(Duplicate).optional().meta({ description: 'Likely duplicates, when there are any' }),
}).meta({ id: 'WarnedCustomer' });
export type WarnedCustomerView = z.infer<typeof WarnedCustomerView>;

const contactFields = {
  gender: z.enum(['female', 'male', 'other']).nullish(),
  position: text(100).nullish(),
  officePhone: Phone.nullish(),
  mobile: Phone.nullish(),
  email: Email.nullish(),
  birthday: Birthday.nullish(),
  isPrimary: z.boolean().optional(),
  tags: z.array(text(50)).max(50).optional(),
  remarks: Remarks.nullish(),
};
export const ContactInput = z.strictObject({ name: Name, ...contactFields });
export type ContactInput = z.infer<typeof ContactInput>;
export const ContactChanges = z.strictObject({ name: Name.optional(), ...contactFields });
export type ContactChanges = z.infer<typeof ContactChanges>;
export const ContactView = z
  .object({
    id: Id,
    customerId: Id,
    version: Version,
    name: z.string(),
    gender: z.string().nullable(),
    position: z.string().nullable(),
    officePhone: z.string().nullable(),
    mobile: z.string().nullable(),
    email: z.string().nullable(),
    birthday: CalendarDate.nullable(),
    isPrimary: z.boolean(),
    tags: z.array(z.string()),
    remarks: z.string().nullable(),
    createdAt: Instant,
  })
  .meta({ id: 'Contact' });
export type ContactView = z.infer<typeof ContactView>;

export const CustomerRoutes = defineRoutes('customer', 'customers', {
  listCustomers: {
    method: 'GET',
    path: '/customers',
    access: 'customer.read',
    summary: 'Customers · 客户列表',
    list: {
      filters: {
        code: 'code',
        status: CUSTOMER_STATUSES,
        ownerId: 'id',
        region: 'code',
        level: 'code',
        satisfaction: 'int',
        credit: 'int',
        industry: 'code',
        nature: 'code',
        type: 'code',
        externalRef: 'code',
        name: 'contains',
        tags: 'code',
        createdAt: 'instant',
        lastOrderDate: 'date',
        neverOrdered: 'boolean',
      },
      sorts: ['createdAt', 'name', 'code', 'level', 'lastOrderDate'],
      defaultSort: '-createdAt',
      search: true,
    },
    response: page(CustomerView),
  },
  createCustomer: {
    method: 'POST',
    path: '/customers',
    access: 'customer.create',
    summary: 'Create a customer · 创建客户',
    body: CustomerInput,
    response: WarnedCustomerView,
    status: 201,
  },
  getCustomer: {
    method: 'GET',
    path: '/customers/:id',
    access: 'customer.read',
    summary: 'One customer · 客户详情',
    response: CustomerView,
    record: 'customer',
    followsSuccessor: true,
  },
  updateCustomer: {
    method: 'PATCH',
    path: '/customers/:id',
    access: 'customer.update',
    summary: 'Edit a customer · 编辑客户',
    body: CustomerChanges,
    response: WarnedCustomerView,
    record: 'customer',
  },
  deleteCustomer: {
    method: 'DELETE',
    path: '/customers/:id',
    access: 'customer.delete',
    summary: 'Delete a customer; it can be restored · 删除客户',
    record: 'customer',
  },
  listDeletedCustomers: {
    method: 'GET',
    path: '/customers/deleted',
    access: 'customer.restore',
    summary: 'Deleted customers, which can be restored · 已删除、可恢复的客户',
    list: {
      filters: { code: 'code', externalRef: 'code', ownerId: 'id', deletedAt: 'instant' },
      sorts: ['deletedAt'],
      defaultSort: '-deletedAt',
      search: true,
    },
    response: page(DeletedCustomerView),
  },
  restoreCustomer: {
    method: 'POST',
    path: '/customers/:id/restore',
    access: 'customer.restore',
    summary: 'Restore a deleted customer · 恢复客户',
    response: CustomerView,
    record: 'deleted-customer',
  },
  listContacts: {
    method: 'GET',
    path: '/customers/:id/contacts',
    access: 'customer.read',
    summary: 'Contacts of a customer · 联系人',
    list: { filters: { isPrimary: 'boolean' }, sorts: ['createdAt'], defaultSort: 'createdAt' },
    response: page(ContactView),
    record: 'customer',
  },
  addContact: {
    method: 'POST',
    path: '/customers/:id/contacts',
    access: 'contact.write',
    summary: 'Add a contact · 添加联系人',
    body: ContactInput,
    response: ContactView,
    status: 201,
    record: 'customer',
  },
  updateContact: {
    method: 'PATCH',
    path: '/customers/:id/contacts/:contactId',
    access: 'contact.write',
    summary: 'Edit a contact · 编辑联系人',
    body: ContactChanges,
    response: ContactView,
    record: 'customer',
  },
  removeContact: {
    method: 'DELETE',
    path: '/customers/:id/contacts/:contactId',
    access: 'contact.write',
    summary: 'Remove a contact · 删除联系人',
    record: 'customer',
  },
});
